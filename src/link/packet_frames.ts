/**
 * IP packets that the control plane sends to a machine, whatever address they are for, and what comes back: echo requests, and
 * TCP connections that are given up as soon as they are answered.
 *
 *     we       echo request            SYN                              identifier or source port: the token of this question
 *     they     echo reply              SYN-ACK, or RST                  the same token
 *     we                               RST
 */

import { isIpv6, type Mac } from "../wire/address.ts";
import type { Random } from "../system/random.ts";
import * as icmp from "../wire/icmpv4.ts";
import * as icmpv6 from "../wire/icmpv6.ts";
import * as ipv4 from "../wire/ipv4.ts";
import * as ipv6 from "../wire/ipv6.ts";
import * as protocol from "../wire/protocol.ts";
import * as tcp from "../wire/tcp.ts";
import * as transport from "../wire/transport.ts";
import type { Packet } from "../path/packet.ts";
import { addressesOf, finishTcp, IpFrames, type Way } from "./ip_frames.ts";
import type { LinkPlan } from "./link_frames.ts";
import type { Frame } from "./own_frames.ts";

/**
 * What came back. `refused`: an ICMP error, destination unreachable. `unrouted`: such an error for want of a way to the destination, so
 * whoever sends it took the packet for one to pass on.
 */
export interface Answer {
  readonly token: number;
  readonly kind: "echo" | "open" | "closed" | "refused" | "unrouted";
  /** The source of the packet. */
  readonly from: string;
  /** The source of the frame. */
  readonly mac: Mac;
}

export class PacketFrames {
  readonly #frames: IpFrames;
  /** Of all our SYNs; an answer acknowledges the next one, so that a forger must guess it. */
  readonly #sequence: number;

  constructor(plan: LinkPlan, random: Random) {
    this.#frames = new IpFrames(plan);
    this.#sequence = random.int32();
  }

  /** Our address that an answer from `address` would come to: on its link, or any of its family; undefined without one. */
  ownAddressFor(address: string): string | undefined {
    return this.#frames.ownAddressFor(address);
  }

  /** An echo request from an address of ours. */
  echo(from: string, to: string, mac: Mac, token: number): Frame {
    return this.#frames.echo({ from, to, mac }, token, 0);
  }

  /** A SYN from an address of ours. */
  syn(from: string, to: string, mac: Mac, token: number, port: number): Frame {
    return this.#segment({ from, to, mac }, token, port, this.#sequence, tcp.SYN);
  }

  /** The reset that gives up the connection that a SYN-ACK to us would open; undefined when the frame is none. */
  resetOf(frame: Frame): Frame | undefined {
    const packet = this.#frames.packetOf(frame);
    if (packet?.protocol !== protocol.TCP || packet.upperLength < tcp.HEADER) return undefined;
    const { frame: view, upper } = packet;
    if (!tcp.isSynAck(view, upper)) return undefined;
    const [from, to] = addressesOf(packet);
    return this.#segment(
      { from: to, to: from, mac: this.#frames.macOf(frame) },
      transport.dstPort(view, upper),
      transport.srcPort(view, upper),
      tcp.acknowledgment(view, upper),
      tcp.RST,
    );
  }

  /** The answer to an echo request or SYN of ours that a frame may be. */
  answer(frame: Frame): Answer | undefined {
    const packet = this.#frames.packetOf(frame);
    if (packet === undefined) return undefined;
    const found = packet.protocol === protocol.TCP ? ofSegment(packet, this.#sequence) : ofMessage(packet);
    if (found === undefined) return undefined;
    return { ...found, from: addressesOf(packet)[0], mac: this.#frames.macOf(frame) };
  }

  #segment(way: Way, srcPort: number, dstPort: number, sequence: number, flags: number): Frame {
    const draft = this.#frames.draft(way, protocol.TCP, tcp.HEADER);
    tcp.setPorts(draft.view, draft.upper, srcPort, dstPort);
    tcp.write(draft.view, draft.upper, sequence, flags);
    finishTcp(draft, isIpv6(way.to), tcp.HEADER);
    return draft.frame;
  }
}

function ofSegment(
  { frame, upper, upperLength }: Packet,
  sequence: number,
): Pick<Answer, "kind" | "token"> | undefined {
  if (upperLength < tcp.HEADER || tcp.acknowledgment(frame, upper) !== ((sequence + 1) | 0)) return undefined;
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
  const isUnrouted = (isV6 ? icmpv6.UNROUTED : icmp.UNROUTED).includes(icmp.code(frame, upper));
  return {
    kind: isUnrouted ? "unrouted" : "refused",
    token: frame.getUint16(isTcp ? sent : sent + icmp.IDENTIFIER),
  };
}
