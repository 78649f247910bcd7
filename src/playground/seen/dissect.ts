/**
 * A frame, taken apart: its headers, and of each header the fields in the order and the widths of its figure in src/wire. A field stands
 * where those before it end, so one list gives the figure, the octets of a field and its name. It only reads, and takes any octets:
 * of what is cut off, the fields that are whole are shown.
 */

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
import { decimal, type Header, hex, ip, type Layout, named, withRest } from "./field.ts";
import { Headers } from "./headers.ts";
import {
  ARP,
  ECHO,
  ETHERNET,
  ETHERTYPE,
  EXTENSION,
  FRAGMENT,
  ICMP_TYPES,
  ICMPV6_TYPES,
  IPV4,
  IPV6,
  ND_FLAGS,
  ND_OPTION,
  PROTOCOLS,
  TAG,
  TCP,
  UDP,
  UNREACHABLE,
  VRRP,
} from "./layouts.ts";

export interface Dissection {
  readonly headers: readonly Header[];
  /** All of it in one line, such as `TCP 198.51.100.7:49152 → 10.0.0.100:80 SYN`. */
  readonly summary: string;
}

export function dissect(octets: Uint8Array): Dissection {
  return new Reading(octets).all();
}

/** One frame, from its first header to its last. */
class Reading {
  readonly #octets: Uint8Array;
  readonly #view: DataView;
  readonly #headers: Headers;
  #summary = "";

  constructor(octets: Uint8Array) {
    this.#octets = octets;
    this.#headers = new Headers(octets);
    this.#view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  }

  all(): Dissection {
    this.#ethernet();
    return { headers: this.#headers.all, summary: this.#summary };
  }

  #ethernet(): void {
    const end = this.#octets.length;
    this.#summary = "A frame that is too short";
    if (!this.#headers.add("Ethernet", "IEEE 802.3", 0, ETHERNET, ethernet.HEADER, end)) {
      return this.#headers.data(0, end);
    }
    let at = ethernet.HEADER;
    let type = ethernet.type(this.#view, 0);
    while (
      type === ethernet.TYPE_VLAN && this.#headers.add("VLAN tag", "IEEE 802.1Q", at, TAG, ethernet.TAG, end)
    ) {
      type = this.#view.getUint16(at + 2);
      at += ethernet.TAG;
    }
    this.#summary = `Type ${ETHERTYPE(type, this.#octets)}`;
    if (type === ethernet.TYPE_ARP) this.#arp(at, end);
    else if (type === ethernet.TYPE_IPV4) this.#ipv4(at, end);
    else if (type === ethernet.TYPE_IPV6) this.#ipv6(at, end);
    else this.#headers.data(at, end);
  }

  #arp(at: number, end: number): void {
    if (!this.#headers.add("ARP", "RFC 826", at, ARP, arp.LENGTH, end)) return this.#headers.data(at, end);
    const [sender, target] = [at + arp.SENDER_IP, at + arp.TARGET_IP].map((from) =>
      this.#headers.ip(from, 4)
    );
    this.#summary = arp.operation(this.#view, at) === arp.REQUEST
      ? sender === target ? `ARP: ${sender} is mine` : `ARP: who has ${target}? tell ${sender}`
      : `ARP: ${sender} is at ${this.#headers.fieldText("Sender MAC")}`;
    this.#headers.data(at + arp.LENGTH, end, "Padding");
  }

  #ipv4(at: number, end: number): void {
    const header = at < end ? Math.max(ipv4.HEADER, (this.#octets[at]! & 15) << 2) : ipv4.HEADER;
    this.#summary = "IPv4 that is cut off";
    if (!this.#headers.add("IPv4", "RFC 791", at, withRest(IPV4, "Options", header), header, end)) {
      return this.#headers.data(at, end);
    }
    const packetEnd = Math.min(end, at + Math.max(header, ipv4.totalLength(this.#view, at)));
    const [from, to] = [this.#headers.ip(at + ipv4.SRC, 4), this.#headers.ip(at + ipv4.DST, 4)];
    const fragment = ipv4.fragmentOffsetAndMore(this.#view, at);
    this.#payload(ipv4.protocol(this.#view, at), at + header, packetEnd, { from, to, fragment, isV6: false });
    this.#headers.data(packetEnd, end, "Padding");
  }

  #ipv6(at: number, end: number): void {
    this.#summary = "IPv6 that is cut off";
    if (!this.#headers.add("IPv6", "RFC 8200", at, IPV6, ipv6.HEADER, end)) {
      return this.#headers.data(at, end);
    }
    const packetEnd = Math.min(end, at + ipv6.totalLength(this.#view, at));
    const [from, to] = [this.#headers.ip(at + ipv6.SRC, 16), this.#headers.ip(at + ipv6.DST, 16)];
    let next = ipv6.nextHeader(this.#view, at);
    let fragment = 0;
    at += ipv6.HEADER;
    while (ipv6.isExtension(next) && at + ipv6.LEAST_EXTENSION <= packetEnd) {
      const length = ipv6.extensionLength(this.#view, at, next);
      const isFragment = next === protocol.FRAGMENT;
      const layout = isFragment ? FRAGMENT : withRest(EXTENSION, "Content", length);
      const name = PROTOCOLS[next]!;
      if (
        !this.#headers.add(
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
    this.#headers.data(packetEnd, end, "Padding");
  }

  #payload(kind: number, at: number, end: number, packet: Packet): void {
    const { from, to, fragment } = packet;
    const name = PROTOCOLS[kind] ?? `protocol ${kind}`;
    this.#summary = `${name} ${from} → ${to}`;
    if (fragment > 1) {
      this.#summary = `${name} ${from} → ${to}, fragment from octet ${fragment & ~1} on`;
      return this.#headers.data(at, end, "Data of a fragment");
    }
    if (kind === protocol.TCP) this.#tcp(at, end, packet);
    else if (kind === protocol.UDP) this.#udp(at, end, packet);
    else if (kind === protocol.ICMP && !packet.isV6) this.#icmp(at, end, packet);
    else if (kind === protocol.ICMPV6 && packet.isV6) this.#icmpv6(at, end, packet);
    else if (kind === protocol.VRRP) this.#vrrp(at, end, packet);
    else this.#headers.data(at, end);
    if (fragment === 1) this.#summary += ", first fragment";
  }

  #tcp(at: number, end: number, packet: Packet): void {
    const there = end - at;
    const header = there > 12 ? Math.max(tcp.HEADER, tcp.headerLength(this.#view, at)) : tcp.HEADER;
    if (there >= transport.PORTS) this.#summary = `TCP ${this.#ends(at, packet)}`;
    const isWhole = this.#headers.add("TCP", "RFC 9293", at, withRest(TCP, "Options", header), header, end);
    if (!isWhole) return this.#headers.partly("TCP", "RFC 9293", at, TCP, end);
    const flags = tcp.flags(this.#view, at);
    const names = [["SYN", tcp.SYN], ["FIN", tcp.FIN], ["RST", tcp.RST], ["ACK", tcp.ACK]] as const;
    const set = names.filter(([, bit]) => (flags & bit) !== 0).map(([name]) => name);
    const data = end - at - header;
    this.#summary += ` ${set.join(" ")}${data > 0 ? `, ${data} octets` : ""}`;
    this.#headers.data(at + header, end);
  }

  #udp(at: number, end: number, packet: Packet): void {
    if (end - at >= transport.PORTS) this.#summary = `UDP ${this.#ends(at, packet)}`;
    if (!this.#headers.add("UDP", "RFC 768", at, UDP, transport.UDP_HEADER, end)) {
      return this.#headers.partly("UDP", "RFC 768", at, UDP, end);
    }
    this.#summary += `, ${end - at - transport.UDP_HEADER} octets`;
    this.#headers.data(at + transport.UDP_HEADER, end);
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
    if (!this.#headers.add("ICMP", "RFC 792", at, layout, icmpv4.HEADER, end)) {
      return this.#headers.partly("ICMP", "RFC 792", at, layout, end);
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
    if (!this.#headers.add("ICMPv6", source, at, layout, length, end)) {
      return this.#headers.partly("ICMPv6", source, at, layout, end);
    }
    if (isNd) return this.#nd(type, at, end);
    const says = ICMPV6_TYPES[type] ?? `type ${type}`;
    const mtu = type === icmpv6.PACKET_TOO_BIG ? `, MTU ${this.#view.getUint32(at + 4)}` : "";
    this.#about(`ICMPv6 ${from} → ${to} ${says}${mtu}`, at, end, icmpv6.isError(type), true);
  }

  #nd(type: number, at: number, end: number): void {
    const target = this.#headers.ip(at + nd.TARGET, 16);
    const option = at + nd.HEADER;
    const hasOption = this.#headers.add(
      "ND option",
      "RFC 4861",
      option,
      ND_OPTION,
      nd.LENGTH - nd.HEADER,
      end,
    );
    this.#summary = type === icmpv6.NEIGHBOR_SOLICITATION
      ? `ND: who has ${target}?`
      : `ND: ${target} is at ${hasOption ? this.#headers.fieldText("Link-layer address") : "its sender"}`;
    this.#headers.data(hasOption ? at + nd.LENGTH : option, end);
  }

  #vrrp(at: number, end: number, { from, isV6 }: Packet): void {
    if (!this.#headers.add("VRRP", "RFC 9568", at, VRRP, vrrp.HEADER, end)) {
      return this.#headers.data(at, end);
    }
    const each = isV6 ? 16 : 4;
    const fits = Math.min(vrrp.count(this.#view, at), Math.floor((end - at - vrrp.HEADER) / each));
    const addresses: Layout = Array.from(
      { length: fits },
      (_, index) => [`Address ${index + 1}`, each * 8, ip],
    );
    if (fits > 0) {
      this.#headers.add("VRRP addresses", "RFC 9568", at + vrrp.HEADER, addresses, fits * each, end);
    }
    this.#summary = `VRRP ${from}: virtual router ${vrrp.id(this.#view, at)}, priority ${
      vrrp.priority(this.#view, at)
    }`;
    this.#headers.data(at + vrrp.HEADER + fits * each, end);
  }

  /** An ICMP message; an error has in it the packet that it is about. */
  #about(summary: string, at: number, end: number, isError: boolean, isV6: boolean): void {
    const inner = at + icmpv4.HEADER;
    if (isError && inner < end) {
      const before = this.#headers.all.length;
      if (isV6) this.#ipv6(inner, end);
      else this.#ipv4(inner, end);
      for (let index = before; index < this.#headers.all.length; index++) {
        const header = this.#headers.all[index]!;
        this.#headers.all[index] = { ...header, name: `${header.name}, quoted` };
      }
      summary += ` (about ${this.#summary})`;
    } else this.#headers.data(inner, end);
    this.#summary = summary;
  }

  #ends(at: number, { from, to, isV6 }: Packet): string {
    const [one, other] = isV6 ? [`[${from}]`, `[${to}]`] : [from, to];
    return `${one}:${transport.srcPort(this.#view, at)} → ${other}:${transport.dstPort(this.#view, at)}`;
  }
}

interface Packet {
  readonly from: string;
  readonly to: string;
  /** As fragmentOffsetAndMore says it. */
  readonly fragment: number;
  readonly isV6: boolean;
}
