/** Frames for tests, built the plain way: an oracle for the wire modules, so it uses none of them but text to octets. */

import { octetsOf, parseIp } from "../src/wire/address.ts";

export const MAC = {
  dispatcher: "02:00:00:00:00:02",
  router: "02:00:00:00:00:01",
  backend1: "02:00:00:00:00:11",
  backend2: "02:00:00:00:00:12",
  other: "02:00:00:00:00:99",
  shared: "00:00:5e:00:01:33",
  shared6: "00:00:5e:00:02:33",
  broadcast: "ff:ff:ff:ff:ff:ff",
} as const;

export const IP = {
  dispatcher: "10.0.0.2",
  router: "10.0.0.1",
  backend1: "10.0.0.11",
  backend2: "10.0.0.12",
  cluster: "10.0.0.100",
  shared: "10.0.0.4",
  client: "198.51.100.7",
} as const;

export const IP6 = {
  dispatcher: "2001:db8::2",
  router: "2001:db8::1",
  backend1: "2001:db8::11",
  cluster: "2001:db8::100",
  shared: "2001:db8::4",
  client: "2001:db8:51:100::7",
} as const;

export const ETHERTYPE = { ipv4: 0x0800, arp: 0x0806, vlan: 0x8100, ipv6: 0x86dd } as const;
export const PROTOCOL = { icmp: 1, tcp: 6, udp: 17 } as const;

export type Octets = readonly number[];

/** What a parser makes of a text: parsed once, because tests with thousands of frames have few addresses. */
function once(parse: (text: string) => Octets): (text: string) => Octets {
  const known = new Map<string, Octets>();
  return (text) => {
    const octets = known.get(text) ?? parse(text);
    known.set(text, octets);
    return octets;
  };
}

export const mac = once((text) => text.split(":").map((octet) => parseInt(octet, 16)));

export const ip = once((text) => text.split(".").map(Number));

/** The sixteen octets of an IPv6 address. */
export const ip6 = once((text) => [...octetsOf(parseIp(text)!)]);

export function u16(value: number): Octets {
  return [(value >>> 8) & 255, value & 255];
}

export function u32(value: number): Octets {
  return [...u16(value >>> 16), ...u16(value)];
}

/** RFC 1071, word by word. */
export function checksum(octets: Octets): number {
  let sum = 0;
  for (let at = 0; at < octets.length; at += 2) {
    sum += (octets[at]! << 8) + (octets[at + 1] ?? 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return 0xffff - sum;
}

function withChecksum(octets: Octets, at: number, pseudoHeader: Octets = []): Octets {
  const whole = [...octets];
  whole[at] = whole[at + 1] = 0;
  [whole[at], whole[at + 1]] = u16(checksum(pseudoHeader.concat(whole))) as [number, number];
  return whole;
}

export interface EthernetOptions {
  dst?: string;
  src?: string;
  type?: number;
}

/** From the router to the dispatcher unless told otherwise. */
export function ethernet(payload: Octets, options: EthernetOptions = {}): Uint8Array<ArrayBuffer> {
  const { dst = MAC.dispatcher, src = MAC.router, type = ETHERTYPE.ipv4 } = options;
  return Uint8Array.from([...mac(dst), ...mac(src), ...u16(type), ...payload]);
}

export interface Ipv4Options {
  src?: string;
  dst?: string;
  ttl?: number;
  tos?: number;
  protocol?: number;
  id?: number;
  /** Flags and fragment offset, the 16 bits as they stand. */
  fragment?: number;
  /** A multiple of four octets. */
  options?: Octets;
}

/** From the client to the cluster address unless told otherwise. */
export function ipv4(payload: Octets, options: Ipv4Options = {}): Octets {
  const { src = IP.client, dst = IP.cluster, ttl = 64, tos = 0, protocol = PROTOCOL.udp, id = 0x1234 } =
    options;
  const { fragment = 0, options: extra = [] } = options;
  const header = [
    0x45 + extra.length / 4,
    tos,
    ...u16(20 + extra.length + payload.length),
    ...u16(id),
    ...u16(fragment),
    ttl,
    protocol,
    0,
    0,
    ...ip(src),
    ...ip(dst),
    ...extra,
  ];
  return [...withChecksum(header, 10), ...payload];
}

/** Without a checksum, which UDP allows. */
export function udp(data: Octets, srcPort = 40_000, dstPort = 53): Octets {
  return [...u16(srcPort), ...u16(dstPort), ...u16(8 + data.length), 0, 0, ...data];
}

export interface TcpOptions {
  /** Destination port; 80 unless told otherwise. */
  port?: number;
  srcPort?: number;
  src?: string;
  dst?: string;
  flags?: number;
  sequence?: number;
  acknowledgment?: number;
  data?: Octets;
}

export function tcp(options: TcpOptions = {}): Octets {
  const { src = IP.client, dst = IP.cluster, flags = 0x02, sequence = 1000, acknowledgment = 0, data = [] } =
    options;
  const segment = [
    ...u16(options.srcPort ?? 40_000),
    ...u16(options.port ?? 80),
    ...u32(sequence),
    ...u32(acknowledgment),
    0x50,
    flags,
    ...u16(65_535),
    0,
    0,
    0,
    0,
    ...data,
  ];
  return withChecksum(segment, 16, [...ip(src), ...ip(dst), 0, PROTOCOL.tcp, ...u16(segment.length)]);
}

/** `rest` is the second word of the header. */
export function icmp(type: number, code: number, data: Octets, rest: Octets = [0, 0, 0, 0]): Octets {
  return withChecksum([type, code, 0, 0, ...rest, ...data], 2);
}

export interface ArpOptions {
  operation?: number;
  senderMac?: string;
  senderIp?: string;
  targetMac?: string;
  targetIp?: string;
}

/** The router asks for the cluster address unless told otherwise. */
export function arp(options: ArpOptions = {}): Octets {
  const { operation = 1, senderMac = MAC.router, senderIp = IP.router } = options;
  const { targetMac = "00:00:00:00:00:00", targetIp = IP.cluster } = options;
  return [
    ...u16(1),
    ...u16(0x0800),
    6,
    4,
    ...u16(operation),
    ...mac(senderMac),
    ...ip(senderIp),
    ...mac(targetMac),
    ...ip(targetIp),
  ];
}

/** A TCP SYN of the client to the cluster address, on its way from the router to the dispatcher. */
export function synToCluster(client: string = IP.client): Uint8Array<ArrayBuffer> {
  return ethernet(ipv4(tcp({ src: client }), { src: client, protocol: PROTOCOL.tcp }));
}

const HEX = Array.from({ length: 256 }, (_, octet) => ` ${octet.toString(16).padStart(2, "0")}`);

/** Octets as hex, for messages. Segments in memory ask for it with each frame. */
export function hex(octets: Iterable<number>): string {
  let text = "";
  for (const octet of octets) text += HEX[octet];
  return text.slice(1);
}

/** The MAC that stands there in a frame. */
export function macAt(frame: Uint8Array, at: number): string {
  return hex(frame.subarray(at, at + 6)).replaceAll(" ", ":");
}

/** The IPv4 address that stands there in a frame. */
export function ipAt(frame: Uint8Array, at: number): string {
  return frame.subarray(at, at + 4).join(".");
}

export interface Ipv6Options {
  src?: string;
  dst?: string;
  hopLimit?: number;
  /** Next header. */
  next?: number;
}

/** From the client to the cluster address unless told otherwise. */
export function ipv6(payload: Octets, options: Ipv6Options = {}): Octets {
  const { src = IP6.client, dst = IP6.cluster, hopLimit = 64, next = PROTOCOL.udp } = options;
  return [0x60, 0, 0, 0, ...u16(payload.length), next, hopLimit, ...ip6(src), ...ip6(dst), ...payload];
}

/** `rest` is the second word of the header; `options` the addresses of its packet, for the checksum. */
export function icmpv6(
  type: number,
  code: number,
  rest: Octets,
  data: Octets,
  options: Ipv6Options = {},
): Octets {
  const { src = IP6.client, dst = IP6.cluster } = options;
  const message = [type, code, 0, 0, ...rest, ...data];
  return withChecksum(message, 2, [...ip6(src), ...ip6(dst), ...u32(message.length), 0, 0, 0, 58]);
}

export function tcp6(options: TcpOptions = {}): Octets {
  const {
    src = IP6.client,
    dst = IP6.cluster,
    flags = 0x02,
    sequence = 1000,
    acknowledgment = 0,
    data = [],
  } = options;
  const segment = [
    ...u16(options.srcPort ?? 40_000),
    ...u16(options.port ?? 80),
    ...u32(sequence),
    ...u32(acknowledgment),
    0x50,
    flags,
    ...u16(65_535),
    0,
    0,
    0,
    0,
    ...data,
  ];
  return withChecksum(segment, 16, [...ip6(src), ...ip6(dst), ...u32(segment.length), 0, 0, 0, PROTOCOL.tcp]);
}

/** UDP over IPv6, with the checksum that it must have. */
export function udp6(data: Octets, options: Ipv6Options = {}, srcPort = 40_000, dstPort = 53): Octets {
  const { src = IP6.client, dst = IP6.cluster } = options;
  const plain = udp(data, srcPort, dstPort);
  return withChecksum(plain, 6, [...ip6(src), ...ip6(dst), ...u32(plain.length), 0, 0, 0, PROTOCOL.udp]);
}

export interface SolicitOptions {
  from?: string;
  to?: string;
  target?: string;
  mac?: string;
  hopLimit?: number;
  /** With the source link-layer address option; default true. */
  option?: boolean;
  /** In units of 8 octets; 1 is right. */
  optionLength?: number;
}

/** The router asks for the cluster address unless told otherwise. */
export function solicitation(options: SolicitOptions = {}): Octets {
  const { from = IP6.router, to = "ff02::1:ff00:100", target = IP6.cluster, hopLimit = 255 } = options;
  const { option = true, optionLength = 1 } = options;
  const data = [...ip6(target), ...(option ? [1, optionLength, ...mac(options.mac ?? MAC.router)] : [])];
  return ipv6(icmpv6(135, 0, [0, 0, 0, 0], data, { src: from, dst: to }), {
    src: from,
    dst: to,
    next: 58,
    hopLimit,
  });
}

export interface AdvertisementOptions {
  from?: string;
  to?: string;
  target?: string;
  mac?: string;
  solicited?: boolean;
  router?: boolean;
  /** With its MAC. */
  option?: boolean;
}

/** Backend 1 tells all about itself unless told otherwise. */
export function advertisement(options: AdvertisementOptions = {}): Octets {
  const { from = IP6.backend1, to = "ff02::1", target = IP6.backend1, mac: text = MAC.backend1 } = options;
  const { solicited = true, router = false, option = true } = options;
  const flags = 0x20 | (solicited ? 0x40 : 0) | (router ? 0x80 : 0);
  const data = [...ip6(target), ...(option ? [2, 1, ...mac(text)] : [])];
  return ipv6(icmpv6(136, 0, [flags, 0, 0, 0], data, { src: from, dst: to }), {
    src: from,
    dst: to,
    next: 58,
    hopLimit: 255,
  });
}

export interface VrrpOptions {
  version?: number;
  type?: number;
  id?: number;
  priority?: number;
  /** As it stands in the packet; the number of addresses unless told otherwise. */
  count?: number;
  /** In hundredths of a second. */
  interval?: number;
  /** What the four bits before it are. */
  reserved?: number;
  addresses?: readonly string[];
  /** In IPv4: with the pseudo-header or without; or wrong. */
  checksum?: "pseudo-header" | "rfc" | "wrong";
  from?: string;
  to?: string;
  hopLimit?: number;
  /** Octets that are cut off the end. */
  cut?: number;
  dstMac?: string;
  srcMac?: string;
}

/** What an advertisement says unless told otherwise. */
const VRRP = {
  version: 3,
  type: 1,
  id: 51,
  priority: 100,
  interval: 5,
  reserved: 0,
  checksum: "pseudo-header",
} as const;

/** An advertisement of virtual router 51 from the other dispatcher, as a frame. */
export function vrrp(options: VrrpOptions = {}): Uint8Array<ArrayBuffer> {
  const { version, type, id, priority, interval, reserved, checksum } = { ...VRRP, ...options };
  const { addresses = [IP.shared], from = "10.0.0.3", to = "224.0.0.18", hopLimit = 255, cut = 0 } = options;
  const { dstMac = "01:00:5e:00:00:12", srcMac = MAC.shared, count = addresses.length } = options;
  const bare = vrrpMessage({ version, type, id, priority, count, interval, reserved, addresses });
  const pseudo = [...ip(from), ...ip(to), 0, 112, ...u16(bare.length)];
  const right = withChecksum(bare, 6, checksum === "rfc" ? [] : pseudo);
  const message = (checksum === "wrong" ? right.with(6, right[6]! ^ 1) : right).slice(0, right.length - cut);
  const packet = ipv4(message, { src: from, dst: to, ttl: hopLimit, protocol: 112 });
  return ethernet(packet, { dst: dstMac, src: srcMac });
}

/** The same in IPv6. */
export function vrrp6(options: VrrpOptions = {}): Uint8Array<ArrayBuffer> {
  const { version, type, id, priority, interval, reserved, checksum } = { ...VRRP, ...options };
  const { addresses = ["fe80::200:5eff:fe00:233", IP6.shared], from = "fe80::3", to = "ff02::12" } = options;
  const {
    dstMac = "33:33:00:00:00:12",
    srcMac = MAC.shared6,
    count = addresses.length,
    hopLimit = 255,
    cut = 0,
  } = options;
  const bare = vrrpMessage({ version, type, id, priority, count, interval, reserved, addresses });
  const pseudo = [...ip6(from), ...ip6(to), ...u32(bare.length), 0, 0, 0, 112];
  const right = withChecksum(bare, 6, checksum === "rfc" ? [] : pseudo);
  const message = (checksum === "wrong" ? right.with(6, right[6]! ^ 1) : right).slice(0, right.length - cut);
  const packet = ipv6(message, { src: from, dst: to, hopLimit, next: 112 });
  return ethernet(packet, { dst: dstMac, src: srcMac, type: ETHERTYPE.ipv6 });
}

function vrrpMessage(
  { version, type, id, priority, count, interval, reserved, addresses }: Required<
    Pick<
      VrrpOptions,
      "version" | "type" | "id" | "priority" | "count" | "interval" | "reserved" | "addresses"
    >
  >,
): Octets {
  const octets = addresses.flatMap((address) => address.includes(":") ? ip6(address) : ip(address));
  return [
    (version << 4) | type,
    id,
    priority,
    count,
    (reserved << 4) | (interval >> 8),
    interval & 255,
    0,
    0,
    ...octets,
  ];
}
