/**
 * IP packets that the control plane sends to a machine, whatever address they are for, and what comes back: echo requests, and
 * TCP connections that are given up as soon as they are answered.
 *
 *     we       echo request            SYN                              identifier or source port: the token of this question
 *     they     echo reply              SYN-ACK, or RST                  the same token
 *     we                               RST
 */

import { contains, ipOf, isIpv6, linkLocalOf, type Mac, octetsOf, wordOf } from "../wire/address.ts";
import * as ethernet from "../wire/ethernet.ts";
import * as icmp from "../wire/icmpv4.ts";
import * as icmpv6 from "../wire/icmpv6.ts";
import * as ipv4 from "../wire/ipv4.ts";
import * as ipv6 from "../wire/ipv6.ts";
import * as protocol from "../wire/protocol.ts";
import * as tcp from "../wire/tcp.ts";
import * as transport from "../wire/transport.ts";
import { BROKEN_CHAIN, Packet } from "../path/packet.ts";
import type { LinkPlan } from "./link_frames.ts";
import { type Frame, OwnFrames, viewOf } from "./own_frames.ts";

/** What came back. `refused`: an ICMP error, destination unreachable. */
export interface Answer {
  readonly token: number;
  readonly kind: "echo" | "open" | "closed" | "refused";
  /** The source of the packet. */
  readonly from: string;
  /** The source of the frame. */
  readonly mac: Mac;
}

const HOP_LIMIT = 64;

/** Of all our SYNs; an answer acknowledges the next one, so that a forger must guess it. */
const SEQUENCE = crypto.getRandomValues(new Int32Array(1))[0]!;

export class PacketFrames {
  readonly #plan: LinkPlan;
  readonly #own: OwnFrames;

  constructor(plan: LinkPlan) {
    this.#plan = plan;
    this.#own = new OwnFrames(plan);
  }

  /** Our address that an answer from `address` would come to: on its link, or any of its family; undefined without one. */
  ownAddressFor(address: string): string | undefined {
    const own = this.#plan.addresses.filter((link) => isIpv6(link.address) === isIpv6(address));
    const found = own.find((link) => contains(link, address)) ?? own[0];
    return found?.address ?? (isIpv6(address) ? linkLocalOf(this.#plan.mac) : undefined);
  }

  /** An echo request from an address of ours. */
  echo(from: string, to: string, mac: Mac, token: number): Frame {
    const isV6 = isIpv6(to);
    const frame = this.#packet(from, to, mac, isV6 ? protocol.ICMPV6 : protocol.ICMP, icmp.HEADER);
    const { view, ip, upper } = this.#places(frame, isV6);
    if (isV6) {
      icmpv6.write(view, upper, icmpv6.ECHO_REQUEST, 0, token << 16);
      icmpv6.setChecksum(view, ip, upper, icmpv6.HEADER);
    } else {
      icmp.write(view, upper, icmp.ECHO_REQUEST, 0, token << 16);
      icmp.setChecksum(view, upper, icmp.HEADER);
    }
    return frame;
  }

  /** A SYN from an address of ours. */
  syn(from: string, to: string, mac: Mac, token: number, port: number): Frame {
    return this.#segment(from, to, mac, token, port, SEQUENCE, tcp.SYN);
  }

  /** The reset that gives up the connection that a SYN-ACK to us would open; undefined when the frame is none. */
  resetOf(frame: Frame): Frame | undefined {
    const packet = this.#packetOf(frame);
    if (packet?.protocol !== protocol.TCP || packet.upperLength < tcp.HEADER) return undefined;
    const { frame: view, upper } = packet;
    if (!tcp.isSynAck(view, upper)) return undefined;
    const [from, to] = addressesOf(packet);
    return this.#segment(
      to,
      from,
      this.#own.macOf(frame),
      transport.dstPort(view, upper),
      transport.srcPort(view, upper),
      tcp.acknowledgment(view, upper),
      tcp.RST,
    );
  }

  /** The answer to an echo request or SYN of ours that a frame may be. */
  answer(frame: Frame): Answer | undefined {
    const packet = this.#packetOf(frame);
    if (packet === undefined) return undefined;
    const found = packet.protocol === protocol.TCP ? ofSegment(packet) : ofMessage(packet);
    if (found === undefined) return undefined;
    return { ...found, from: addressesOf(packet)[0], mac: this.#own.macOf(frame) };
  }

  #segment(
    from: string,
    to: string,
    mac: Mac,
    srcPort: number,
    dstPort: number,
    sequence: number,
    flags: number,
  ): Frame {
    const isV6 = isIpv6(to);
    const frame = this.#packet(from, to, mac, protocol.TCP, tcp.HEADER);
    const { view, ip, upper } = this.#places(frame, isV6);
    tcp.setPorts(view, upper, srcPort, dstPort);
    tcp.write(view, upper, sequence, flags);
    const pseudoSum = (isV6 ? ipv6 : ipv4).pseudoHeaderSum(view, ip, tcp.HEADER, protocol.TCP);
    tcp.setChecksum(view, upper, tcp.HEADER, pseudoSum);
    return frame;
  }

  #packet(from: string, to: string, mac: Mac, upperProtocol: number, length: number): Frame {
    const ip = this.#own.header;
    if (!isIpv6(to)) {
      const total = ipv4.HEADER + length;
      const frame = this.#own.make(mac, ethernet.TYPE_IPV4, total);
      ipv4.write(viewOf(frame), ip, total, upperProtocol, HOP_LIMIT);
      ipv4.setAddresses(viewOf(frame), ip, wordOf(from), wordOf(to));
      return frame;
    }
    const frame = this.#own.make(mac, ethernet.TYPE_IPV6, ipv6.HEADER + length);
    ipv6.write(viewOf(frame), ip, length, upperProtocol, HOP_LIMIT);
    frame.set(octetsOf(from), ip + ipv6.SRC);
    frame.set(octetsOf(to), ip + ipv6.DST);
    return frame;
  }

  #places(frame: Frame, isV6: boolean): { view: DataView; ip: number; upper: number } {
    const ip = this.#own.header;
    return { view: viewOf(frame), ip, upper: ip + (isV6 ? ipv6.HEADER : ipv4.HEADER) };
  }

  /** Undefined for a frame that is not to us, or no valid and whole IP packet. */
  #packetOf(frame: Frame): Packet | undefined {
    const packet = new Packet(frame);
    const { high, low } = this.#plan.mac;
    const isToUs = frame.length >= ethernet.HEADER && ethernet.dstHigh(packet.frame, 0) === high &&
      ethernet.dstLow(packet.frame, 0) === low;
    if (!isToUs || !this.#read(packet, this.#own.typeOf(frame))) return undefined;
    return packet.protocol === BROKEN_CHAIN || packet.isFragment ? undefined : packet;
  }

  #read(packet: Packet, type: number | undefined): boolean {
    const ip = this.#own.header;
    const room = packet.bytes.length - ip;
    if (type === ethernet.TYPE_IPV4) return packet.readIpv4(ip, room);
    return type === ethernet.TYPE_IPV6 && packet.readIpv6(ip, room);
  }
}

/** Source and destination. */
function addressesOf({ bytes, isIpv6, src, dst }: Packet): [from: string, to: string] {
  const size = isIpv6 ? 16 : 4;
  return [ipOf(bytes.subarray(src, src + size)), ipOf(bytes.subarray(dst, dst + size))];
}

function ofSegment({ frame, upper, upperLength }: Packet): Pick<Answer, "kind" | "token"> | undefined {
  if (upperLength < tcp.HEADER || tcp.acknowledgment(frame, upper) !== ((SEQUENCE + 1) | 0)) return undefined;
  const token = transport.dstPort(frame, upper);
  if ((tcp.flags(frame, upper) & tcp.RST) !== 0) return { kind: "closed", token };
  return tcp.isSynAck(frame, upper) ? { kind: "open", token } : undefined;
}

function ofMessage(packet: Packet): Pick<Answer, "kind" | "token"> | undefined {
  const { frame, isIpv6: isV6, upper, end } = packet;
  if (!packet.isIcmp || packet.upperLength < icmp.HEADER) return undefined;
  const type = icmp.type(frame, upper);
  if (type === (isV6 ? icmpv6.ECHO_REPLY : icmp.ECHO_REPLY)) {
    return { kind: "echo", token: frame.getUint16(upper + icmp.IDENTIFIER) };
  }
  if (type !== (isV6 ? icmpv6.DESTINATION_UNREACHABLE : icmp.DESTINATION_UNREACHABLE)) return undefined;
  // What is embedded is what we sent: no options, no extension headers, and eight octets of what is in it.
  const embedded = upper + icmp.HEADER;
  const sent = embedded + (isV6 ? ipv6.HEADER : ipv4.HEADER);
  if (sent + 8 > end) return undefined;
  const isTcp = (isV6 ? ipv6.nextHeader(frame, embedded) : ipv4.protocol(frame, embedded)) === protocol.TCP;
  return { kind: "refused", token: frame.getUint16(isTcp ? sent : sent + icmp.IDENTIFIER) };
}
