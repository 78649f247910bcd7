/** What of a frame tells a story: where a connection begins and ends, echoes, errors, datagrams, and who claims an address. */

import { formatMac, ipOf } from "../wire/address.ts";
import * as arp from "../wire/arp.ts";
import * as ethernet from "../wire/ethernet.ts";
import * as icmp from "../wire/icmp_header.ts";
import * as icmpv6 from "../wire/icmpv6.ts";
import * as ipv4 from "../wire/ipv4.ts";
import * as ipv6 from "../wire/ipv6.ts";
import * as nd from "../wire/nd.ts";
import * as protocol from "../wire/protocol.ts";
import * as tcp from "../wire/tcp.ts";
import * as transport from "../wire/transport.ts";

export interface Packet {
  /** A claim is an ARP reply or a neighbor advertisement: it says that `src` is at `srcMac`. Its `dst` is who is told. */
  readonly kind: "tcp" | "udp" | "icmp" | "claim";
  readonly srcMac: string;
  readonly dstMac: string;
  readonly src: string;
  readonly dst: string;
  /** Of TCP and UDP; 0 elsewhere. */
  readonly srcPort: number;
  readonly dstPort: number;
  /** TCP's flags, or ICMP's type and code as 16 bits. */
  readonly flags: number;
  /** TCP's sequence number, or the second word of ICMP: of an echo its identifier and number. */
  readonly sequence: number;
  readonly acknowledgment: number;
}

const IPV4_ADDRESS = 4;
const IPV6_ADDRESS = 16;

const NOTHING = { srcPort: 0, dstPort: 0, flags: 0, sequence: 0, acknowledgment: 0 };

/** Undefined for what tells nothing: the data of connections, questions for addresses, fragments after the first, other protocols. */
export function packetOf(octets: Uint8Array): Packet | undefined {
  const frame = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  if (octets.length < ethernet.TAGGED_HEADER) return undefined;
  const isTagged = ethernet.type(frame, 0) === ethernet.TYPE_VLAN;
  const at = isTagged ? ethernet.TAGGED_HEADER : ethernet.HEADER;
  const type = isTagged ? frame.getUint16(at - 2) : ethernet.type(frame, 0);
  const macs = {
    srcMac: formatMac(ethernet.srcHigh(frame, 0), ethernet.srcLow(frame, 0)),
    dstMac: formatMac(ethernet.dstHigh(frame, 0), ethernet.dstLow(frame, 0)),
  };
  const found = type === ethernet.TYPE_IPV4
    ? ofIpv4(frame, at, octets)
    : type === ethernet.TYPE_IPV6
    ? ofIpv6(frame, at, octets)
    : type === ethernet.TYPE_ARP
    ? ofArp(frame, at, octets)
    : undefined;
  return found && { ...macs, ...found };
}

/** The rest, and who says it where that stands in the packet itself. */
type Found = Omit<Packet, "srcMac" | "dstMac"> & Partial<Packet>;

function ofIpv4(frame: DataView, at: number, octets: Uint8Array): Found | undefined {
  if (octets.length < at + ipv4.HEADER || !ipv4.isVersion4(frame, at)) return undefined;
  if (ipv4.fragmentOffsetAndMore(frame, at) > 1) return undefined;
  const addresses = {
    src: ipOf(octets.subarray(at + ipv4.SRC, at + ipv4.SRC + IPV4_ADDRESS)),
    dst: ipOf(octets.subarray(at + ipv4.DST, at + ipv4.DST + IPV4_ADDRESS)),
  };
  return ofTransport(frame, at + ipv4.headerLength(frame, at), ipv4.protocol(frame, at), addresses);
}

function ofIpv6(frame: DataView, at: number, octets: Uint8Array): Found | undefined {
  if (octets.length < at + ipv6.HEADER) return undefined;
  const addresses = {
    src: ipOf(octets.subarray(at + ipv6.SRC, at + ipv6.SRC + IPV6_ADDRESS)),
    dst: ipOf(octets.subarray(at + ipv6.DST, at + ipv6.DST + IPV6_ADDRESS)),
  };
  const next = at + ipv6.HEADER;
  const kind = ipv6.nextHeader(frame, at);
  const isClaim = kind === protocol.ICMPV6 && frame.byteLength >= next + nd.HEADER &&
    icmp.type(frame, next) === icmpv6.NEIGHBOR_ADVERTISEMENT;
  if (!isClaim) return ofTransport(frame, next, kind, addresses);
  const target = next + nd.TARGET;
  const src = ipOf(octets.subarray(target, target + IPV6_ADDRESS));
  return { ...NOTHING, kind: "claim", src, dst: addresses.dst };
}

function ofArp(frame: DataView, at: number, octets: Uint8Array): Found | undefined {
  if (!arp.isValid(frame, at, octets.length - at) || arp.operation(frame, at) !== arp.REPLY) return undefined;
  return {
    ...NOTHING,
    kind: "claim",
    srcMac: formatMac(arp.senderMacHigh(frame, at), arp.senderMacLow(frame, at)),
    src: ipOf(octets.subarray(at + arp.SENDER_IP, at + arp.SENDER_IP + IPV4_ADDRESS)),
    dst: ipOf(octets.subarray(at + arp.TARGET_IP, at + arp.TARGET_IP + IPV4_ADDRESS)),
  };
}

function ofTransport(
  frame: DataView,
  at: number,
  kind: number,
  addresses: { readonly src: string; readonly dst: string },
): Found | undefined {
  const length = frame.byteLength - at;
  switch (kind) {
    case protocol.TCP: {
      if (length < tcp.HEADER || (tcp.flags(frame, at) & (tcp.SYN | tcp.FIN | tcp.RST)) === 0) {
        return undefined;
      }
      return {
        kind: "tcp",
        ...addresses,
        ...portsOf(frame, at),
        flags: tcp.flags(frame, at),
        sequence: tcp.sequence(frame, at),
        acknowledgment: tcp.acknowledgment(frame, at),
      };
    }
    case protocol.UDP:
      if (length < transport.UDP_HEADER) return undefined;
      return { kind: "udp", ...addresses, ...NOTHING, ...portsOf(frame, at) };
    case protocol.ICMP:
    case protocol.ICMPV6:
      if (length < icmp.HEADER) return undefined;
      return {
        kind: "icmp",
        ...addresses,
        ...NOTHING,
        flags: (icmp.type(frame, at) << 8) | icmp.code(frame, at),
        sequence: frame.getInt32(at + 4),
      };
    default:
      return undefined;
  }
}

function portsOf(frame: DataView, at: number): { readonly srcPort: number; readonly dstPort: number } {
  return { srcPort: transport.srcPort(frame, at), dstPort: transport.dstPort(frame, at) };
}
