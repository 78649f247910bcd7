/**
 * A frame, taken apart: its headers, and of each header the fields in the order and the widths of its figure in src/wire. A field stands
 * where those before it end, so one list gives the figure, the octets of a field and its name. It only reads, and takes any octets:
 * of what is cut off, the fields that are whole are shown.
 */

import { formatMac, ipOf } from "../../wire/address.ts";
import * as arp from "../../wire/arp.ts";
import * as ethernet from "../../wire/ethernet.ts";
import * as icmpv4 from "../../wire/icmpv4.ts";
import * as icmpv6 from "../../wire/icmpv6.ts";
import * as ipv4 from "../../wire/ipv4.ts";
import * as ipv6 from "../../wire/ipv6.ts";
import * as nd from "../../wire/nd.ts";
import * as protocol from "../../wire/protocol.ts";
import * as tcp from "../../wire/tcp.ts";
import * as transport from "../../wire/transport.ts";
import * as vrrp from "../../wire/vrrp.ts";

export interface Field {
  readonly name: string;
  /** Where it begins and how wide it is, in bits from the beginning of its header. */
  readonly bit: number;
  readonly bits: number;
  /** Its value, as people write it. */
  readonly text: string;
}

export interface Header {
  readonly name: string;
  /** Where it is written what it means. */
  readonly source: string;
  /** Octets from the beginning of the frame. */
  readonly at: number;
  readonly length: number;
  readonly fields: readonly Field[];
}

export interface Dissection {
  readonly headers: readonly Header[];
  /** All of it in one line, such as `TCP 198.51.100.7:49152 → 10.0.0.100:80 SYN`. */
  readonly summary: string;
}

/** `10.0.0.1` of a number, `0x0800, IPv4` of another: what a field's value looks like. */
type Format = (value: number, octets: Uint8Array) => string;
type Layout = readonly (readonly [name: string, bits: number, format?: Format])[];

const decimal: Format = (value) => String(value >>> 0);
const hex = (digits: number): Format => (value) => `0x${(value >>> 0).toString(16).padStart(digits, "0")}`;
const flag: Format = (value) => value === 1 ? "1, set" : "0, not set";
const mac: Format = (_, octets) =>
  formatMac((octets[0]! << 8) | octets[1]!, new DataView(octets.buffer, octets.byteOffset).getInt32(2));
const ip: Format = (_, octets) => ipOf(octets);
const raw: Format = (_, octets) => `${octets.length} ${octets.length === 1 ? "octet" : "octets"}`;

/** A number with its name behind it: `6, TCP`. */
const named = (names: Readonly<Record<number, string>>, format = decimal): Format => (value, octets) =>
  names[value] === undefined ? format(value, octets) : `${format(value, octets)}, ${names[value]}`;

const ETHERTYPES = {
  [ethernet.TYPE_IPV4]: "IPv4",
  [ethernet.TYPE_ARP]: "ARP",
  [ethernet.TYPE_IPV6]: "IPv6",
  [ethernet.TYPE_VLAN]: "a VLAN tag",
  [ethernet.TYPE_QINQ]: "a service tag",
};

const PROTOCOLS: Readonly<Record<number, string>> = {
  [protocol.ICMP]: "ICMP",
  [protocol.TCP]: "TCP",
  [protocol.UDP]: "UDP",
  [protocol.ICMPV6]: "ICMPv6",
  [protocol.VRRP]: "VRRP",
  [protocol.HOP_BY_HOP]: "hop-by-hop options",
  [protocol.ROUTING]: "routing header",
  [protocol.FRAGMENT]: "fragment header",
  [protocol.AUTHENTICATION]: "authentication header",
  [protocol.NO_NEXT_HEADER]: "nothing",
  [protocol.DESTINATION_OPTIONS]: "destination options",
};

const ETHERTYPE = named(ETHERTYPES, hex(4));

const ETHERNET: Layout = [["Destination", 48, mac], ["Source", 48, mac], ["Type", 16, ETHERTYPE]];

const TAG: Layout = [["Priority", 3], ["DEI", 1, flag], ["VLAN", 12], ["Type", 16, ETHERTYPE]];

const ARP: Layout = [
  ["Hardware type", 16, named({ 1: "Ethernet" })],
  ["Protocol type", 16, ETHERTYPE],
  ["Hardware length", 8],
  ["Protocol length", 8],
  ["Operation", 16, named({ [arp.REQUEST]: "request: who has it?", [arp.REPLY]: "reply: I have it" })],
  ["Sender MAC", 48, mac],
  ["Sender IP", 32, ip],
  ["Target MAC", 48, mac],
  ["Target IP", 32, ip],
];

const IPV4: Layout = [
  ["Version", 4],
  ["IHL", 4, (words) => `${words}, so ${words * 4} octets`],
  ["Type of service", 8, hex(2)],
  ["Total length", 16],
  ["Identification", 16, hex(4)],
  ["Reserved", 1],
  ["DF", 1, (value) => value === 1 ? "1, don't fragment" : "0, may be fragmented"],
  ["MF", 1, (value) => value === 1 ? "1, more fragments follow" : "0, the last or only one"],
  ["Fragment offset", 13, (units) => `${units}, so octet ${units * 8}`],
  ["Time to live", 8],
  ["Protocol", 8, named(PROTOCOLS)],
  ["Header checksum", 16, hex(4)],
  ["Source address", 32, ip],
  ["Destination address", 32, ip],
];

const IPV6: Layout = [
  ["Version", 4],
  ["Traffic class", 8, hex(2)],
  ["Flow label", 20, hex(5)],
  ["Payload length", 16],
  ["Next header", 8, named(PROTOCOLS)],
  ["Hop limit", 8],
  ["Source address", 128, ip],
  ["Destination address", 128, ip],
];

const FRAGMENT: Layout = [
  ["Next header", 8, named(PROTOCOLS)],
  ["Reserved", 8],
  ["Fragment offset", 13, (units) => `${units}, so octet ${units * 8}`],
  ["Reserved", 2],
  ["M", 1, (value) => value === 1 ? "1, more fragments follow" : "0, the last or only one"],
  ["Identification", 32, hex(8)],
];

const EXTENSION: Layout = [["Next header", 8, named(PROTOCOLS)], ["Length", 8]];

const TCP: Layout = [
  ["Source port", 16],
  ["Destination port", 16],
  ["Sequence number", 32],
  ["Acknowledgment number", 32],
  ["Data offset", 4, (words) => `${words}, so ${words * 4} octets`],
  ["Reserved", 4],
  ["CWR", 1, flag],
  ["ECE", 1, flag],
  ["URG", 1, flag],
  ["ACK", 1, flag],
  ["PSH", 1, flag],
  ["RST", 1, flag],
  ["SYN", 1, flag],
  ["FIN", 1, flag],
  ["Window", 16],
  ["Checksum", 16, hex(4)],
  ["Urgent pointer", 16],
];

const UDP: Layout = [
  ["Source port", 16],
  ["Destination port", 16],
  ["Length", 16],
  ["Checksum", 16, hex(4)],
];

const VRRP: Layout = [
  ["Version", 4],
  ["Type", 4, named({ 1: "advertisement" })],
  ["Virtual router", 8],
  ["Priority", 8, (value) => value === vrrp.STOPS ? "0, it stops" : String(value)],
  ["Count of addresses", 8],
  ["Reserved", 4],
  ["Interval", 12, (value) => `${value}, so ${value * 10} ms`],
  ["Checksum", 16, hex(4)],
];

const ICMP_TYPES: Readonly<Record<number, string>> = {
  [icmpv4.ECHO_REPLY]: "echo reply",
  [icmpv4.DESTINATION_UNREACHABLE]: "destination unreachable",
  [icmpv4.ECHO_REQUEST]: "echo request",
  [icmpv4.TIME_EXCEEDED]: "time exceeded",
  [icmpv4.PARAMETER_PROBLEM]: "parameter problem",
};

const UNREACHABLE: Readonly<Record<number, string>> = {
  [icmpv4.NET_UNREACHABLE]: "network unreachable",
  [icmpv4.HOST_UNREACHABLE]: "host unreachable",
  [icmpv4.PROTOCOL_UNREACHABLE]: "protocol unreachable",
  [icmpv4.PORT_UNREACHABLE]: "port unreachable",
  [icmpv4.FRAGMENTATION_NEEDED]: "fragmentation needed",
  [icmpv4.ADMINISTRATIVELY_PROHIBITED]: "administratively prohibited",
};

const ICMPV6_TYPES: Readonly<Record<number, string>> = {
  [icmpv6.DESTINATION_UNREACHABLE]: "destination unreachable",
  [icmpv6.PACKET_TOO_BIG]: "packet too big",
  [icmpv6.TIME_EXCEEDED]: "time exceeded",
  [icmpv6.PARAMETER_PROBLEM]: "parameter problem",
  [icmpv6.ECHO_REQUEST]: "echo request",
  [icmpv6.ECHO_REPLY]: "echo reply",
  [icmpv6.NEIGHBOR_SOLICITATION]: "neighbor solicitation: who has it?",
  [icmpv6.NEIGHBOR_ADVERTISEMENT]: "neighbor advertisement: I have it",
  [icmpv6.REDIRECT]: "redirect",
};

const ECHO: Layout = [["Identifier", 16], ["Sequence number", 16]];
const ND_FLAGS: Layout = [["R", 1, flag], ["S", 1, flag], ["O", 1, flag], ["Reserved", 29]];
const ND_OPTION: Layout = [
  ["Option", 8, named({ [nd.SOURCE_LINK_LAYER]: "sender's MAC", [nd.TARGET_LINK_LAYER]: "target's MAC" })],
  ["Length", 8, (units) => `${units}, so ${units * 8} octets`],
  ["Link-layer address", 48, mac],
];

export function dissect(octets: Uint8Array): Dissection {
  return new Reading(octets).all();
}

/** One frame, from its first header to its last. */
class Reading {
  readonly #octets: Uint8Array;
  readonly #view: DataView;
  readonly #headers: Header[] = [];
  #summary = "";

  constructor(octets: Uint8Array) {
    this.#octets = octets;
    this.#view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  }

  all(): Dissection {
    this.#ethernet();
    return { headers: this.#headers, summary: this.#summary };
  }

  #ethernet(): void {
    const end = this.#octets.length;
    this.#summary = "A frame that is too short";
    if (!this.#add("Ethernet", "IEEE 802.3", 0, ETHERNET, ethernet.HEADER, end)) return this.#data(0, end);
    let at = ethernet.HEADER;
    let type = ethernet.type(this.#view, 0);
    while (type === ethernet.TYPE_VLAN && this.#add("VLAN tag", "IEEE 802.1Q", at, TAG, ethernet.TAG, end)) {
      type = this.#view.getUint16(at + 2);
      at += ethernet.TAG;
    }
    this.#summary = `Type ${ETHERTYPE(type, this.#octets)}`;
    if (type === ethernet.TYPE_ARP) this.#arp(at, end);
    else if (type === ethernet.TYPE_IPV4) this.#ipv4(at, end);
    else if (type === ethernet.TYPE_IPV6) this.#ipv6(at, end);
    else this.#data(at, end);
  }

  #arp(at: number, end: number): void {
    if (!this.#add("ARP", "RFC 826", at, ARP, arp.LENGTH, end)) return this.#data(at, end);
    const [sender, target] = [at + arp.SENDER_IP, at + arp.TARGET_IP].map((from) => this.#ip(from, 4));
    this.#summary = arp.operation(this.#view, at) === arp.REQUEST
      ? sender === target ? `ARP: ${sender} is mine` : `ARP: who has ${target}? tell ${sender}`
      : `ARP: ${sender} is at ${this.#fieldText("Sender MAC")}`;
    this.#data(at + arp.LENGTH, end, "Padding");
  }

  #ipv4(at: number, end: number): void {
    const header = at < end ? Math.max(ipv4.HEADER, (this.#octets[at]! & 15) << 2) : ipv4.HEADER;
    this.#summary = "IPv4 that is cut off";
    if (!this.#add("IPv4", "RFC 791", at, withRest(IPV4, "Options", header), header, end)) {
      return this.#data(at, end);
    }
    const packetEnd = Math.min(end, at + Math.max(header, ipv4.totalLength(this.#view, at)));
    const [from, to] = [this.#ip(at + ipv4.SRC, 4), this.#ip(at + ipv4.DST, 4)];
    const fragment = ipv4.fragmentOffsetAndMore(this.#view, at);
    this.#payload(ipv4.protocol(this.#view, at), at + header, packetEnd, { from, to, fragment, isV6: false });
    this.#data(packetEnd, end, "Padding");
  }

  #ipv6(at: number, end: number): void {
    this.#summary = "IPv6 that is cut off";
    if (!this.#add("IPv6", "RFC 8200", at, IPV6, ipv6.HEADER, end)) return this.#data(at, end);
    const packetEnd = Math.min(end, at + ipv6.totalLength(this.#view, at));
    const [from, to] = [this.#ip(at + ipv6.SRC, 16), this.#ip(at + ipv6.DST, 16)];
    let next = ipv6.nextHeader(this.#view, at);
    let fragment = 0;
    at += ipv6.HEADER;
    while (ipv6.isExtension(next) && at + ipv6.LEAST_EXTENSION <= packetEnd) {
      const length = ipv6.extensionLength(this.#view, at, next);
      const isFragment = next === protocol.FRAGMENT;
      const layout = isFragment ? FRAGMENT : withRest(EXTENSION, "Content", length);
      const name = PROTOCOLS[next]!;
      if (
        !this.#add(
          `IPv6 ${name}`,
          next === protocol.AUTHENTICATION ? "RFC 4302" : "RFC 8200",
          at,
          layout,
          length,
          packetEnd,
        )
      ) break;
      if (isFragment) fragment = ipv6.fragmentOffsetAndMore(this.#view, at);
      next = this.#octets[at]!;
      at += length;
    }
    this.#payload(next, at, packetEnd, { from, to, fragment, isV6: true });
    this.#data(packetEnd, end, "Padding");
  }

  #payload(kind: number, at: number, end: number, packet: Packet): void {
    const { from, to, fragment } = packet;
    const name = PROTOCOLS[kind] ?? `protocol ${kind}`;
    this.#summary = `${name} ${from} → ${to}`;
    if (fragment > 1) {
      this.#summary = `${name} ${from} → ${to}, fragment from octet ${fragment & ~1} on`;
      return this.#data(at, end, "Data of a fragment");
    }
    if (kind === protocol.TCP) this.#tcp(at, end, packet);
    else if (kind === protocol.UDP) this.#udp(at, end, packet);
    else if (kind === protocol.ICMP && !packet.isV6) this.#icmp(at, end, packet);
    else if (kind === protocol.ICMPV6 && packet.isV6) this.#icmpv6(at, end, packet);
    else if (kind === protocol.VRRP) this.#vrrp(at, end, packet);
    else this.#data(at, end);
    if (fragment === 1) this.#summary += ", first fragment";
  }

  #tcp(at: number, end: number, packet: Packet): void {
    const there = end - at;
    const header = there > 12 ? Math.max(tcp.HEADER, tcp.headerLength(this.#view, at)) : tcp.HEADER;
    if (there >= transport.PORTS) this.#summary = `TCP ${this.#ends(at, packet)}`;
    const isWhole = this.#add("TCP", "RFC 9293", at, withRest(TCP, "Options", header), header, end);
    if (!isWhole) return this.#partly("TCP", "RFC 9293", at, TCP, end);
    const flags = tcp.flags(this.#view, at);
    const names = [["SYN", tcp.SYN], ["FIN", tcp.FIN], ["RST", tcp.RST], ["ACK", tcp.ACK]] as const;
    const set = names.filter(([, bit]) => (flags & bit) !== 0).map(([name]) => name);
    const data = end - at - header;
    this.#summary += ` ${set.join(" ")}${data > 0 ? `, ${data} octets` : ""}`;
    this.#data(at + header, end);
  }

  #udp(at: number, end: number, packet: Packet): void {
    if (end - at >= transport.PORTS) this.#summary = `UDP ${this.#ends(at, packet)}`;
    if (!this.#add("UDP", "RFC 768", at, UDP, transport.UDP_HEADER, end)) {
      return this.#partly("UDP", "RFC 768", at, UDP, end);
    }
    this.#summary += `, ${end - at - transport.UDP_HEADER} octets`;
    this.#data(at + transport.UDP_HEADER, end);
  }

  #icmp(at: number, end: number, { from, to }: Packet): void {
    const type = at < end ? this.#octets[at]! : -1;
    const code = at + 1 < end ? this.#octets[at + 1]! : -1;
    const isEcho = type === icmpv4.ECHO_REQUEST || type === icmpv4.ECHO_REPLY;
    const isUnreachable = type === icmpv4.DESTINATION_UNREACHABLE;
    const needsFragmenting = isUnreachable && code === icmpv4.FRAGMENTATION_NEEDED;
    const layout: Layout = [
      ["Type", 8, named(ICMP_TYPES)],
      ["Code", 8, isUnreachable ? named(UNREACHABLE) : decimal],
      ["Checksum", 16, hex(4)],
      ...(isEcho
        ? ECHO
        : needsFragmenting
        ? [["Unused", 16], ["Next hop's MTU", 16]] as Layout
        : [["Rest", 32]] as Layout),
    ];
    if (!this.#add("ICMP", "RFC 792", at, layout, icmpv4.HEADER, end)) {
      return this.#partly("ICMP", "RFC 792", at, layout, end);
    }
    const says = isUnreachable ? UNREACHABLE[code] : ICMP_TYPES[type];
    const mtu = needsFragmenting ? `, MTU ${this.#view.getUint16(at + 6)}` : "";
    this.#about(`ICMP ${from} → ${to} ${says ?? `type ${type}`}${mtu}`, at, end, icmpv4.isError(type), false);
  }

  #icmpv6(at: number, end: number, { from, to }: Packet): void {
    const type = at < end ? this.#octets[at]! : -1;
    const isEcho = type === icmpv6.ECHO_REQUEST || type === icmpv6.ECHO_REPLY;
    const isNd = type === icmpv6.NEIGHBOR_SOLICITATION || type === icmpv6.NEIGHBOR_ADVERTISEMENT;
    const layout: Layout = [
      ["Type", 8, named(ICMPV6_TYPES)],
      ["Code", 8],
      ["Checksum", 16, hex(4)],
      ...(isEcho
        ? ECHO
        : isNd
        ? ND_FLAGS
        : [[type === icmpv6.PACKET_TOO_BIG ? "MTU" : "Rest", 32]] as Layout),
      ...(isNd ? [["Target address", 128, ip]] as Layout : []),
    ];
    const length = isNd ? nd.HEADER : icmpv6.HEADER;
    const source = isNd ? "RFC 4861" : "RFC 4443";
    if (!this.#add("ICMPv6", source, at, layout, length, end)) {
      return this.#partly("ICMPv6", source, at, layout, end);
    }
    if (isNd) return this.#nd(type, at, end);
    const says = ICMPV6_TYPES[type] ?? `type ${type}`;
    const mtu = type === icmpv6.PACKET_TOO_BIG ? `, MTU ${this.#view.getUint32(at + 4)}` : "";
    this.#about(`ICMPv6 ${from} → ${to} ${says}${mtu}`, at, end, icmpv6.isError(type), true);
  }

  #nd(type: number, at: number, end: number): void {
    const target = this.#ip(at + nd.TARGET, 16);
    const option = at + nd.HEADER;
    const hasOption = this.#add("ND option", "RFC 4861", option, ND_OPTION, nd.LENGTH - nd.HEADER, end);
    this.#summary = type === icmpv6.NEIGHBOR_SOLICITATION
      ? `ND: who has ${target}?`
      : `ND: ${target} is at ${hasOption ? this.#fieldText("Link-layer address") : "its sender"}`;
    this.#data(hasOption ? at + nd.LENGTH : option, end);
  }

  #vrrp(at: number, end: number, { from, isV6 }: Packet): void {
    if (!this.#add("VRRP", "RFC 9568", at, VRRP, vrrp.HEADER, end)) return this.#data(at, end);
    const each = isV6 ? 16 : 4;
    const fits = Math.min(vrrp.count(this.#view, at), Math.floor((end - at - vrrp.HEADER) / each));
    const addresses: Layout = Array.from(
      { length: fits },
      (_, index) => [`Address ${index + 1}`, each * 8, ip],
    );
    if (fits > 0) this.#add("VRRP addresses", "RFC 9568", at + vrrp.HEADER, addresses, fits * each, end);
    this.#summary = `VRRP ${from}: virtual router ${vrrp.id(this.#view, at)}, priority ${
      vrrp.priority(this.#view, at)
    }`;
    this.#data(at + vrrp.HEADER + fits * each, end);
  }

  /** An ICMP message; an error has in it the packet that it is about. */
  #about(summary: string, at: number, end: number, isError: boolean, isV6: boolean): void {
    const inner = at + icmpv4.HEADER;
    if (isError && inner < end) {
      const before = this.#headers.length;
      if (isV6) this.#ipv6(inner, end);
      else this.#ipv4(inner, end);
      for (let index = before; index < this.#headers.length; index++) {
        const header = this.#headers[index]!;
        this.#headers[index] = { ...header, name: `${header.name}, quoted` };
      }
      summary += ` (about ${this.#summary})`;
    } else this.#data(inner, end);
    this.#summary = summary;
  }

  #ends(at: number, { from, to, isV6 }: Packet): string {
    const [one, other] = isV6 ? [`[${from}]`, `[${to}]`] : [from, to];
    return `${one}:${transport.srcPort(this.#view, at)} → ${other}:${transport.dstPort(this.#view, at)}`;
  }

  #ip(at: number, length: number): string {
    return ipOf(this.#octets.subarray(at, at + length));
  }

  #fieldText(name: string): string {
    return this.#headers.at(-1)!.fields.find((field) => field.name === name)!.text;
  }

  /** Adds the header of `length` octets when all of it is there. */
  #add(name: string, source: string, at: number, layout: Layout, length: number, end: number): boolean {
    if (at + length > end) return false;
    this.#headers.push({ name, source, at, length, fields: this.#fields(at, layout, length * 8) });
    return true;
  }

  /** Of a header that is cut off: the fields that are whole. */
  #partly(name: string, source: string, at: number, layout: Layout, end: number): void {
    const fields = this.#fields(at, layout, (end - at) * 8);
    const endOf = (field: Field | undefined) => field === undefined ? 0 : field.bit + field.bits;
    // A field that ends within an octet has neighbors that are cut off.
    while (endOf(fields.at(-1)) % 8 !== 0) fields.pop();
    const length = endOf(fields.at(-1)) / 8;
    if (length > 0) this.#headers.push({ name: `${name}, its beginning`, source, at, length, fields });
    this.#data(at + length, end);
  }

  #data(at: number, end: number, name = "Data"): void {
    if (at >= end) return;
    this.#headers.push({
      name,
      source: "",
      at,
      length: end - at,
      fields: [{ name, bit: 0, bits: (end - at) * 8, text: raw(0, this.#octets.subarray(at, end)) }],
    });
  }

  #fields(at: number, layout: Layout, most: number): Field[] {
    const fields: Field[] = [];
    let bit = 0;
    for (const [name, bits, format = decimal] of layout) {
      if (bit + bits > most) break;
      fields.push({ name, bit, bits, text: this.#text(at, bit, bits, format) });
      bit += bits;
    }
    return fields;
  }

  #text(at: number, bit: number, bits: number, format: Format): string {
    const octets = this.#octets.subarray(at + (bit >>> 3), at + ((bit + bits + 7) >>> 3));
    if (bits > 32) return format(0, octets);
    const value = octets.reduce((sum, octet) => sum * 256 + octet, 0);
    const behind = octets.length * 8 - (bit & 7) - bits;
    return format(Math.floor(value / 2 ** behind) % 2 ** bits, octets);
  }
}

interface Packet {
  readonly from: string;
  readonly to: string;
  /** As fragmentOffsetAndMore says it. */
  readonly fragment: number;
  readonly isV6: boolean;
}

/** A header that is longer than its fields has something behind them. */
function withRest(layout: Layout, name: string, length: number): Layout {
  const rest = length * 8 - layout.reduce((sum, [, bits]) => sum + bits, 0);
  return rest > 0 ? [...layout, [name, rest, raw]] : layout;
}
