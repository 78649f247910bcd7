/**
 * What the dispatcher says for itself in IPv4. Every answer overwrites the frame that it answers, in its slot, and goes to the
 * machine that brought it or to the gateway: no look-up, no buffer. Each function returns the length of the answer, or 0 for none.
 */

import { isIpv6, wordOf } from "../wire/address.ts";
import * as arp from "../wire/arp.ts";
import * as ethernet from "../wire/ethernet.ts";
import * as icmp from "../wire/icmpv4.ts";
import { echoReply4, error4, isAnswerable4, turnRound4 } from "./answer4.ts";
import type { Responder } from "./answers.ts";
import type { Egress } from "./egress.ts";
import type { Packet } from "./packet.ts";
import type { Plan } from "./plan.ts";
import * as verdict from "./verdict.ts";

/** The error that says each verdict: RFC 792, RFC 1812 section 5.2.7. */
const ERRORS: Readonly<Record<number, { readonly type: number; readonly code: number }>> = {
  [verdict.TIME_EXCEEDED]: { type: icmp.TIME_EXCEEDED, code: icmp.IN_TRANSIT },
  [verdict.NET_UNREACHABLE]: { type: icmp.DESTINATION_UNREACHABLE, code: icmp.NET_UNREACHABLE },
  [verdict.HOST_UNREACHABLE]: { type: icmp.DESTINATION_UNREACHABLE, code: icmp.HOST_UNREACHABLE },
  [verdict.PORT_UNREACHABLE]: { type: icmp.DESTINATION_UNREACHABLE, code: icmp.PORT_UNREACHABLE },
  [verdict.PROTOCOL_UNREACHABLE]: { type: icmp.DESTINATION_UNREACHABLE, code: icmp.PROTOCOL_UNREACHABLE },
  [verdict.PROHIBITED]: { type: icmp.DESTINATION_UNREACHABLE, code: icmp.ADMINISTRATIVELY_PROHIBITED },
  [verdict.TOO_BIG]: { type: icmp.DESTINATION_UNREACHABLE, code: icmp.FRAGMENTATION_NEEDED },
  [verdict.PARAMETER_PROBLEM]: { type: icmp.PARAMETER_PROBLEM, code: 0 },
};

export class Responder4 implements Responder {
  readonly #egress: Egress;
  /** The source of ICMP errors; 0 without an IPv4 address, and then there are none. */
  readonly #address: number;

  constructor(plan: Plan, egress: Egress) {
    this.#egress = egress;
    const own = plan.addresses.find(({ address }) => !isIpv6(address));
    this.#address = own === undefined ? 0 : wordOf(own.address);
  }

  /** The reply to a valid who-has at `arpAt` for an address of ours, which is at this place (egress.ts). */
  arp(packet: Packet, arpAt: number, place: number): number {
    const { frame } = packet;
    const askerHigh = arp.senderMacHigh(frame, arpAt);
    const askerLow = arp.senderMacLow(frame, arpAt);
    const asked = arp.targetIp(frame, arpAt);
    arp.write(frame, arpAt, arp.REPLY);
    arp.setTarget(frame, arpAt, askerHigh, askerLow, arp.senderIp(frame, arpAt));
    arp.setSender(
      frame,
      arpAt,
      this.#egress.macHighOf(place, false),
      this.#egress.macLowOf(place, false),
      asked,
    );
    this.#egress.sendTo(packet, askerHigh, askerLow);
    return ethernet.HEADER + arp.LENGTH;
  }

  echo(packet: Packet): number {
    return this.#back(packet, echoReply4(packet));
  }

  turnRound(packet: Packet, length: number): number {
    return this.#back(packet, turnRound4(packet, length));
  }

  isAnswerable(packet: Packet): boolean {
    return this.#address !== 0 && isAnswerable4(packet);
  }

  error(packet: Packet, asVerdict: number, rest: number): number {
    const { type, code } = ERRORS[asVerdict]!;
    return this.#back(packet, error4(packet, this.#address, type, code, rest));
  }

  /** Addresses an answer whose packet is so long: the length of its frame. */
  #back(packet: Packet, length: number): number {
    if (length === 0) return 0;
    this.#egress.sendBack(packet);
    return ethernet.HEADER + length;
  }
}
