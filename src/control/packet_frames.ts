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
import * as tcp from "../wire/tcp.ts";
import * as transport from "../wire/transport.ts";
import type { Plan } from "../path/plan.ts";
import { type Frame, OwnFrames } from "./own_frames.ts";

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

/** A packet in a frame: where its upper layer begins, and how long that is. */
interface Upper {
  readonly protocol: number;
  readonly at: number;
  readonly length: number;
}

export class PacketFrames {
  readonly #plan: Plan;
  readonly #own: OwnFrames;

  constructor(plan: Plan) {
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
    const frame = this.#packet(from, to, mac, isV6 ? ipv6.ICMPV6 : ipv4.PROTOCOL_ICMP, icmp.HEADER);
    const { view, ip, upper } = this.#places(frame, isV6);
    if (isV6) icmpv6.write(view, ip, upper, icmpv6.ECHO_REQUEST, 0, token << 16, icmpv6.HEADER);
    else icmp.write(view, upper, icmp.ECHO_REQUEST, 0, token << 16, icmp.HEADER);
    return frame;
  }

  /** A SYN from an address of ours. */
  syn(from: string, to: string, mac: Mac, token: number, port: number): Frame {
    return this.#segment(from, to, mac, token, port, SEQUENCE, tcp.SYN);
  }

  /** The reset that gives up the connection that a SYN-ACK to us would open; undefined when the frame is none. */
  resetOf(frame: Frame): Frame | undefined {
    const packet = this.#upperOf(frame);
    if (packet === undefined || packet.protocol !== ipv4.PROTOCOL_TCP || packet.length < tcp.HEADER) {
      return undefined;
    }
    const view = viewOf(frame);
    if (!tcp.isSynAck(view, packet.at)) return undefined;
    const [from, to] = this.#addressesOf(frame);
    return this.#segment(
      to,
      from,
      this.#own.macOf(frame),
      transport.dstPort(view, packet.at),
      transport.srcPort(view, packet.at),
      tcp.acknowledgment(view, packet.at),
      tcp.RST,
    );
  }

  /** The answer to an echo request or SYN of ours that a frame may be. */
  answer(frame: Frame): Answer | undefined {
    const packet = this.#upperOf(frame);
    if (packet === undefined) return undefined;
    const found = packet.protocol === ipv4.PROTOCOL_TCP
      ? ofSegment(viewOf(frame), packet)
      : this.#ofMessage(frame, packet);
    if (found === undefined) return undefined;
    return { ...found, from: this.#addressesOf(frame)[0], mac: this.#own.macOf(frame) };
  }

  #ofMessage(frame: Frame, { at, length, protocol }: Upper): Pick<Answer, "kind" | "token"> | undefined {
    const view = viewOf(frame);
    const isV6 = this.#isIpv6(frame);
    if (protocol !== (isV6 ? ipv6.ICMPV6 : ipv4.PROTOCOL_ICMP) || length < icmp.HEADER) return undefined;
    const type = icmp.type(view, at);
    if (type === (isV6 ? icmpv6.ECHO_REPLY : icmp.ECHO_REPLY)) {
      return { kind: "echo", token: view.getUint16(at + icmp.IDENTIFIER) };
    }
    if (type !== (isV6 ? icmpv6.DESTINATION_UNREACHABLE : icmp.DESTINATION_UNREACHABLE)) return undefined;
    // What is embedded is what we sent: no options, no extension headers, and eight octets of what is in it.
    const embedded = at + icmp.HEADER;
    const upper = embedded + (isV6 ? ipv6.HEADER : ipv4.HEADER);
    if (upper + 8 > at + length) return undefined;
    const isTcp =
      (isV6 ? ipv6.nextHeader(view, embedded) : ipv4.protocol(view, embedded)) === ipv4.PROTOCOL_TCP;
    return { kind: "refused", token: view.getUint16(isTcp ? upper : upper + icmp.IDENTIFIER) };
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
    const frame = this.#packet(from, to, mac, ipv4.PROTOCOL_TCP, tcp.HEADER);
    const { view, ip, upper } = this.#places(frame, isV6);
    const sum = (isV6 ? ipv6 : ipv4).pseudoHeaderSum(view, ip, tcp.HEADER, ipv4.PROTOCOL_TCP);
    tcp.write(view, upper, srcPort, dstPort, sequence, flags, sum);
    return frame;
  }

  #packet(from: string, to: string, mac: Mac, protocol: number, length: number): Frame {
    const ip = this.#own.header;
    if (!isIpv6(to)) {
      const total = ipv4.HEADER + length;
      const frame = this.#own.make(mac, ethernet.TYPE_IPV4, total);
      ipv4.write(viewOf(frame), ip, 0, total, HOP_LIMIT, protocol, wordOf(from), wordOf(to));
      return frame;
    }
    const frame = this.#own.make(mac, ethernet.TYPE_IPV6, ipv6.HEADER + length);
    ipv6.write(viewOf(frame), ip, length, protocol, HOP_LIMIT);
    frame.set(octetsOf(from), ip + ipv6.SRC);
    frame.set(octetsOf(to), ip + ipv6.DST);
    return frame;
  }

  #places(frame: Frame, isV6: boolean): { view: DataView; ip: number; upper: number } {
    const ip = this.#own.header;
    return { view: viewOf(frame), ip, upper: ip + (isV6 ? ipv6.HEADER : ipv4.HEADER) };
  }

  #isIpv6(frame: Frame): boolean {
    return this.#own.typeOf(frame) === ethernet.TYPE_IPV6;
  }

  /** Source and destination of a valid packet. */
  #addressesOf(frame: Frame): [from: string, to: string] {
    const size = this.#isIpv6(frame) ? 16 : 4;
    const at = this.#own.header + (size === 16 ? ipv6.SRC : ipv4.SRC);
    return [ipOf(frame.subarray(at, at + size)), ipOf(frame.subarray(at + size, at + 2 * size))];
  }

  /** Undefined for a frame that is not to us, or no valid and whole IP packet. */
  #upperOf(frame: Frame): Upper | undefined {
    const view = viewOf(frame);
    const { high, low } = this.#plan.mac;
    if (
      frame.length < ethernet.HEADER || ethernet.dstHigh(view, 0) !== high || ethernet.dstLow(view, 0) !== low
    ) {
      return undefined;
    }
    const ip = this.#own.header;
    const room = frame.length - ip;
    switch (this.#own.typeOf(frame)) {
      case ethernet.TYPE_IPV4: {
        if (!ipv4.isValid(view, ip, room) || ipv4.isFragment(view, ip)) return undefined;
        const header = ipv4.headerLength(view, ip);
        const length = ipv4.totalLength(view, ip) - header;
        return { protocol: ipv4.protocol(view, ip), at: ip + header, length };
      }
      case ethernet.TYPE_IPV6: {
        if (!ipv6.isValid(view, ip, room)) return undefined;
        const { protocol, at, isFragment } = walked(view, ip);
        if (protocol < 0 || isFragment) return undefined;
        return { protocol, at, length: ip + ipv6.totalLength(view, ip) - at };
      }
      default:
        return undefined;
    }
  }
}

function ofSegment(view: DataView, { at, length }: Upper): Pick<Answer, "kind" | "token"> | undefined {
  if (length < tcp.HEADER || tcp.acknowledgment(view, at) !== ((SEQUENCE + 1) | 0)) return undefined;
  const token = transport.dstPort(view, at);
  if ((tcp.flags(view, at) & tcp.RST) !== 0) return { kind: "closed", token };
  return tcp.isSynAck(view, at) ? { kind: "open", token } : undefined;
}

function walked(view: DataView, ip: number): ipv6.Extensions {
  const extensions = new ipv6.Extensions();
  extensions.walk(view, ip, ipv6.totalLength(view, ip));
  return extensions;
}

function viewOf(frame: Frame): DataView {
  return new DataView(frame.buffer, frame.byteOffset, frame.length);
}
