/**
 * From "this must be answered" to a verdict: may it be answered, within the rate limits, by what? An answer overwrites the frame
 * that it answers, in its slot.
 */

import * as tcp from "../wire/tcp.ts";
import type { Limits } from "./limits.ts";
import type { Packet } from "./packet.ts";
import * as verdict from "./verdict.ts";
import type { VirtioHeader } from "./virtio_header.ts";

/** What writes the answers of one family. It gives the lengths of the frames that it has written, 0 for no answer. */
export interface Responder {
  /** May an ICMP error be sent about this packet? */
  isAnswerable(packet: Packet): boolean;
  /** The ICMP error that says a verdict; `rest` is the second word of its header. */
  error(packet: Packet, asVerdict: number, rest: number): number;
  /** The reply, unless the ICMP message is no right echo request. */
  echo(packet: Packet): number;
  /** The first `length` octets of the upper layer, on their way back behind a header of our own. */
  turnRound(packet: Packet, length: number): number;
}

export class Answers {
  readonly #ipv4: Responder;
  readonly #ipv6: Responder;
  readonly #limits: Limits;
  readonly #virtio: VirtioHeader;

  constructor(ipv4: Responder, ipv6: Responder, limits: Limits, virtio: VirtioHeader) {
    this.#ipv4 = ipv4;
    this.#ipv6 = ipv6;
    this.#limits = limits;
    this.#virtio = virtio;
  }

  /** An ICMP error; `rest` is the second word of its header. */
  error(packet: Packet, asVerdict: number, rest = 0): number {
    const responder = this.#responderTo(packet);
    if (!responder.isAnswerable(packet)) return verdict.DROP_UNANSWERABLE;
    if (!this.#limits.allow(asVerdict)) return verdict.DROP_RATE_LIMIT;
    this.#virtio.settle(packet);
    return this.answered(packet, responder.error(packet, asVerdict, rest), asVerdict);
  }

  /** A TCP reset, unless the segment is a reset itself, or malformed. */
  reset(packet: Packet): number {
    if (!this.#limits.allow(verdict.RESET)) return verdict.DROP_RATE_LIMIT;
    this.#virtio.settle(packet);
    if (!isResettable(packet)) return verdict.DROP_SELF;
    tcp.turnReset(packet.frame, packet.upper, packet.upperLength, packet.pseudoHeaderSum(tcp.HEADER));
    return this.answered(packet, this.#responderTo(packet).turnRound(packet, tcp.HEADER), verdict.RESET);
  }

  /** The reply to an echo request. */
  echo(packet: Packet): number {
    return this.answered(packet, this.#responderTo(packet).echo(packet), verdict.ANSWERED_ECHO);
  }

  /** Hands the frame up if the rate limit allows; else the verdict is `otherwise`. */
  heard(otherwise: number): number {
    return this.#limits.allow(verdict.HEARD_ANSWER) ? verdict.HEARD_ANSWER : otherwise;
  }

  /** Hands the answer to a probe up, whole and with its checksum, if the rate limit allows. */
  heardProbe(packet: Packet): number {
    if (!this.#limits.allow(verdict.HEARD_PROBE)) return verdict.DROP_FROM_CLUSTER;
    this.#virtio.sumUp(packet);
    return verdict.HEARD_PROBE;
  }

  /** Hands up what the other one of a pair tells, whole and with its checksum, if the rate limit allows. */
  heardPeer(packet: Packet): number {
    if (!this.#limits.allow(verdict.HEARD_PEER)) return verdict.DROP_RATE_LIMIT;
    this.#virtio.sumUp(packet);
    return verdict.HEARD_PEER;
  }

  /** Hands a frame up that waits for its next hop's MAC, if the rate limit allows. */
  pending(): number {
    return this.#limits.allow(verdict.PENDING) ? verdict.PENDING : verdict.DROP_PENDING;
  }

  /** Has the other one of a pair told of a new connection first, if the rate limit allows. */
  told(): number {
    return this.#limits.allow(verdict.TOLD) ? verdict.TOLD : verdict.DISPATCHED;
  }

  /** Hands a SYN-ACK up, for the control plane to reset, if the rate limit allows; else it is reset here. */
  heardOrReset(packet: Packet): number {
    return this.#limits.allow(verdict.HEARD_ANSWER) ? verdict.HEARD_ANSWER : this.reset(packet);
  }

  /** An answer of this length has been written, or none when it is 0. */
  answered(packet: Packet, length: number, asVerdict: number): number {
    if (length === 0) return verdict.DROP_SELF;
    packet.length = length;
    return asVerdict;
  }

  #responderTo(packet: Packet): Responder {
    return packet.isIpv6 ? this.#ipv6 : this.#ipv4;
  }
}

function isResettable(packet: Packet): boolean {
  const { frame, upper, upperLength } = packet;
  if (upperLength < tcp.HEADER || (tcp.flags(frame, upper) & tcp.RST) !== 0) return false;
  return tcp.isChecksumRight(frame, upper, upperLength, packet.pseudoHeaderSum(upperLength));
}
