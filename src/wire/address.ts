/**
 * Addresses: as text where people and the control plane are, as numbers where frames are.
 *
 * Outside the path of a frame an IP address is its canonical text ("10.0.0.11", "2001:db8::11"), which can be compared, be a
 * key and be printed. On the path it is one or four int32 words, getInt32 of its octets: above 2^31 a uint32 is boxed by V8
 * whenever it crosses a call, an int32 never is. A MAC address is two numbers, its first two octets and its last four:
 *
 *     02:00:0a:00:00:0b   ->   high 0x0200, low 0x0a00000b
 */

import ipaddr from "ipaddr.js";

/** An address and the length of the prefix that it shares with its link. */
export interface Cidr {
  /** Canonical text. */
  readonly address: string;
  readonly prefixLength: number;
}

/** Text of either family to canonical text; undefined where it is no address, or has a zone. */
export function parseIp(text: string): string | undefined {
  if (!isIpv6(text)) return isIpv4(text) ? text : undefined;
  if (!text.includes("%") && ipaddr.IPv6.isValid(text)) return ipaddr.IPv6.parse(text).toRFC5952String();
  return undefined;
}

/** Four numbers without leading zeros, which some programs read as octal: such text is canonical. */
function isIpv4(text: string): boolean {
  const numbers = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/.exec(text);
  return numbers !== null && numbers.slice(1).every((number) => Number(number) <= 255);
}

/** Text such as `10.0.0.2/24` or `2001:db8::2/64`, prefix length at least `least`; undefined where it is none. */
export function parseCidr(text: string, least = 1): Cidr | undefined {
  const [, base, prefix] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const address = base === undefined ? undefined : parseIp(base);
  const prefixLength = Number(prefix);
  if (address === undefined || prefixLength < least || prefixLength > hostLength(address)) {
    return undefined;
  }
  return { address, prefixLength };
}

/** The same, or an address, which is the prefix of itself alone. */
export function parsePrefix(text: string): Cidr | undefined {
  const address = parseIp(text);
  return address === undefined ? parseCidr(text, 0) : { address, prefixLength: hostLength(address) };
}

export function isIpv6(address: string): boolean {
  return address.includes(":");
}

/** The length of the prefix that holds this address alone. */
export function hostLength(address: string): number {
  return isIpv6(address) ? 128 : 32;
}

/** Ranges that the Internet does not route: RFC 1918, RFC 6598, RFC 3927, RFC 4193. */
const PRIVATE = ["private", "carrierGradeNat", "linkLocal", "uniqueLocal"];

/** Can the whole Internet reach a machine with this address? */
export function isPublic(address: string): boolean {
  return !PRIVATE.includes(ipaddr.parse(address).range());
}

/** An address that only programs of the same machine reach: 127.0.0.0/8, ::1. */
export function isLoopback(address: string): boolean {
  return ipaddr.parse(address).range() === "loopback";
}

/** 0.0.0.0 and ::, which stand for all addresses of a machine. */
export function isUnspecified(address: string): boolean {
  return ipaddr.parse(address).range() === "unspecified";
}

/** fe80::/10: an address that means something on one link only. */
export function isLinkLocal(address: string): boolean {
  return contains({ address: "fe80::", prefixLength: 10 }, address);
}

/** Ranges whose addresses no machine has as its own on a link, in words: RFC 6890, RFC 4291 section 2.5. */
const NOBODYS: Readonly<Record<string, string>> = {
  unspecified: "an unspecified address",
  loopback: "a loopback address",
  broadcast: "the broadcast address",
  multicast: "a multicast address",
  ipv4Mapped: "an IPv4 address in IPv6 form",
};

/** Why no machine can have this address as its own, such as `a loopback address`; undefined where one can. */
export function whyNobodys(address: string): string | undefined {
  return NOBODYS[ipaddr.parse(address).range()];
}

/** The first address of the prefix, in which all bits behind the prefix are 0. */
export function networkOf({ address, prefixLength }: Cidr): string {
  return ipOf(octetsWithHostBits(address, prefixLength, 0));
}

/** The last address of the prefix, in which all bits behind the prefix are 1. */
export function lastOf({ address, prefixLength }: Cidr): string {
  return ipOf(octetsWithHostBits(address, prefixLength, 255));
}

function octetsWithHostBits(address: string, prefixLength: number, octet: 0 | 255): Uint8Array {
  return octetsOf(address).map((own, at) => {
    const bits = hostBits(prefixLength, at);
    return (own & ~bits) | (octet & bits);
  });
}

/** Of the octet at this place, the bits that are behind the prefix. */
function hostBits(prefixLength: number, at: number): number {
  return 255 >> Math.min(8, Math.max(0, prefixLength - 8 * at));
}

/** Is the address within the prefix? */
export function contains({ address: network, prefixLength }: Cidr, address: string): boolean {
  if (isIpv6(network) !== isIpv6(address)) return false;
  const [ours, theirs] = [octetsOf(network), octetsOf(address)];
  for (let at = 0; 8 * at < prefixLength; at++) {
    const different = (ours[at]! ^ theirs[at]!) & ~hostBits(prefixLength, at);
    if (different !== 0) return false;
  }
  return true;
}

/** The link-local address that an interface makes from its MAC: fe80::/64 and the modified EUI-64, RFC 4291 appendix A. */
export function linkLocalOf({ high, low }: Mac): string {
  const octets = [
    (high >>> 8) ^ 2,
    high & 255,
    (low >>> 24) & 255,
    0xff,
    0xfe,
    (low >>> 16) & 255,
    (low >>> 8) & 255,
    low & 255,
  ];
  return ipOf(Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, ...octets));
}

/** The octets of an address in network order: 4 or 16. Frames are written by this, so it is quicker than a library. */
export function octetsOf(address: string): Uint8Array<ArrayBuffer> {
  if (!isIpv6(address)) return octets4(address);
  // No canonical address ends in the form of IPv4.
  return address.includes(".") ? Uint8Array.from(ipaddr.IPv6.parse(address).toByteArray()) : octets6(address);
}

const [DOT, ZERO, COLON] = [0x2e, 0x30, 0x3a];

function octets4(address: string): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(4);
  let at = 0;
  for (let index = 0; index < address.length; index++) {
    const code = address.charCodeAt(index);
    if (code === DOT) at++;
    else octets[at] = octets[at]! * 10 + code - ZERO;
  }
  return octets;
}

function octets6(address: string): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(16);
  let [at, group, gap] = [0, 0, -1];
  let last = 0;
  for (let index = 0; index <= address.length; index++) {
    const code = index < address.length ? address.charCodeAt(index) : COLON;
    if (code !== COLON) group = (group << 4) | hexDigit(code);
    else if (last === COLON) {
      if (index < address.length) gap = at;
    } else if (index > 0) {
      octets[at++] = group >>> 8;
      octets[at++] = group;
      group = 0;
    }
    last = code;
  }
  if (gap < 0) return octets;
  // What stands behind "::" is the end of the address.
  octets.copyWithin(16 - (at - gap), gap, at);
  return octets.fill(0, gap, 16 - (at - gap));
}

/** A digit's lower four bits are its value, a letter's are one less than how far it is behind 9. */
function hexDigit(code: number): number {
  return code <= COLON ? code - ZERO : (code & 0xf) + 9;
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, octet) => octet.toString(16));
const HEX2: readonly string[] = HEX.map((digits) => digits.padStart(2, "0"));

/** Canonical text of 4 or 16 octets, of which those of IPv6 are RFC 5952's. */
export function ipOf(octets: Uint8Array): string {
  return ipAt(octets, 0, octets.length === 16);
}

/** The same of those that stand at this place. */
export function ipAt(octets: Uint8Array, at: number, isV6: boolean): string {
  if (!isV6) return `${octets[at]}.${octets[at + 1]}.${octets[at + 2]}.${octets[at + 3]}`;
  // "::" stands for the longest row of zeros, from two groups on, and for the first of several.
  let [gap, gapEnd, begin] = [16, 16, 0];
  for (let group = 0; group <= 16; group += 2) {
    if (group < 16 && (octets[at + group]! | octets[at + group + 1]!) === 0) continue;
    if (group - begin > Math.max(2, gapEnd - gap)) [gap, gapEnd] = [begin, group];
    begin = group + 2;
  }
  let text = "";
  for (let group = 0; group < 16; group += 2) {
    if (group === gap) {
      text += "::";
      group = gapEnd - 2;
      continue;
    }
    const [high, low] = [octets[at + group]!, octets[at + group + 1]!];
    if (group > 0 && group !== gapEnd) text += ":";
    text += high === 0 ? HEX[low] : HEX[high]! + HEX2[low];
  }
  return text;
}

/** The words of an address, int32: 1 or 4. */
export function wordsOf(address: string): Int32Array {
  const octets = octetsOf(address);
  return Int32Array.from({ length: octets.length / 4 }, (_, word) => wordAt(octets, 4 * word));
}

function wordAt(octets: Uint8Array, at: number): number {
  return (octets[at]! << 24) | (octets[at + 1]! << 16) | (octets[at + 2]! << 8) | octets[at + 3]!;
}

/** The one word of an IPv4 address. */
export function wordOf(address: string): number {
  return wordAt(octetsOf(address), 0);
}

/** The netmask of a prefix length 0..32, as int32. */
export function netmask(prefixLength: number): number {
  return prefixLength === 0 ? 0 : -1 << (32 - prefixLength);
}

/** The four words of an IPv6 netmask, prefix length 0..128. */
export function netmask6(prefixLength: number): Int32Array {
  return Int32Array.from(
    { length: 4 },
    (_, word) => netmask(Math.min(32, Math.max(0, prefixLength - 32 * word))),
  );
}

/** A MAC address as the tables hold it: octets 0..1 and, as int32, octets 2..5. */
export interface Mac {
  readonly high: number;
  readonly low: number;
}

/** Text such as `02:00:00:00:00:01` to a MAC; undefined where it is none. */
export function parseMac(text: string): Mac | undefined {
  if (!/^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(text)) return undefined;
  const digits = text.replaceAll(/[:-]/g, "");
  return { high: parseInt(digits.slice(0, 4), 16), low: parseInt(digits.slice(4), 16) | 0 };
}

/** A MAC to text, lower case with colons. */
export function formatMac(high: number, low: number): string {
  const digits = high.toString(16).padStart(4, "0") + (low >>> 0).toString(16).padStart(8, "0");
  return digits.match(/../g)!.join(":");
}
