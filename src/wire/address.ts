/**
 * Addresses as text and as the numbers that the tables hold.
 *
 * An IPv4 address is an int32: getInt32 of its four octets. Above 2^31 a uint32 is boxed by V8 whenever it
 * crosses a call, an int32 never is. A MAC address is two numbers, its first two octets and its last four:
 *
 *     02:00:0a:00:00:0b   ->   high 0x0200, low 0x0a00000b
 */

import ipaddr from "ipaddr.js";

/** Text to int32; undefined where it is no dotted quad. */
export function parseIpv4(text: string): number | undefined {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text)) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = ipaddr.IPv4.parse(text).octets;
  return (a << 24) | (b << 16) | (c << 8) | d;
}

/** Int32 to dotted quad. */
export function formatIpv4(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** Text such as `10.0.0.2/24`, prefix length 1 to 32; undefined where it is none. */
export function parseCidr(text: string): { address: number; prefixLength: number } | undefined {
  const [, base, prefix] = /^([\d.]+)\/(\d{1,2})$/.exec(text) ?? [];
  const address = base === undefined ? undefined : parseIpv4(base);
  const prefixLength = Number(prefix);
  return address === undefined || prefixLength < 1 || prefixLength > 32
    ? undefined
    : { address, prefixLength };
}

/** The netmask of a prefix length 0..32, as int32. */
export function netmask(prefixLength: number): number {
  return prefixLength === 0 ? 0 : -1 << (32 - prefixLength);
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
