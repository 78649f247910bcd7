/**
 * What the dispatcher says for itself in IPv6. Every answer overwrites the frame that it answers, in its slot, and goes to the
 * machine that brought it or to the gateway: no look-up, no buffer. Each function returns the length of the answer, or 0 for none.
 */

import { isIpv6, linkLocalOf, octetsOf } from "../wire/address.ts";
import * as ethernet from "../wire/ethernet.ts";
import * as icmpv6 from "../wire/icmpv6.ts";
import * as ipv6 from "../wire/ipv6.ts";
import * as nd from "../wire/nd.ts";
import * as protocol from "../wire/protocol.ts";
import { echoReply6, error6, isAnswerable6, LONGEST_ERROR6, turnRound6 } from "./answer6.ts";
import type { Responder } from "./answers.ts";
import type { Egress } from "./egress.ts";
import type { Packet } from "./packet.ts";
import type { Plan } from "./plan.ts";
import * as verdict from "./verdict.ts";

/** Of neighbor discovery, which must not have crossed a router. */
const HOP_LIMIT_ND = 255;

/** The room that a slot must have, so that every answer of either family fits. */
export const LONGEST_ANSWER = ethernet.TAGGED_HEADER + LONGEST_ERROR6;

/** ff02::1, all nodes. */
const ALL_NODES = octetsOf("ff02::1");

/** The error that says each verdict: RFC 4443 section 3. */
const ERRORS: Readonly<Record<number, { readonly type: number; readonly code: number }>> = {
  [verdict.TIME_EXCEEDED]: { type: icmpv6.TIME_EXCEEDED, code: icmpv6.HOP_LIMIT },
  [verdict.NET_UNREACHABLE]: { type: icmpv6.DESTINATION_UNREACHABLE, code: icmpv6.NO_ROUTE },
  [verdict.HOST_UNREACHABLE]: { type: icmpv6.DESTINATION_UNREACHABLE, code: icmpv6.ADDRESS_UNREACHABLE },
  [verdict.PORT_UNREACHABLE]: { type: icmpv6.DESTINATION_UNREACHABLE, code: icmpv6.PORT_UNREACHABLE },
  [verdict.PROTOCOL_UNREACHABLE]: { type: icmpv6.PARAMETER_PROBLEM, code: icmpv6.UNRECOGNIZED_NEXT_HEADER },
  [verdict.PROHIBITED]: { type: icmpv6.DESTINATION_UNREACHABLE, code: icmpv6.ADMINISTRATIVELY_PROHIBITED },
  [verdict.TOO_BIG]: { type: icmpv6.PACKET_TOO_BIG, code: 0 },
  [verdict.PARAMETER_PROBLEM]: { type: icmpv6.PARAMETER_PROBLEM, code: icmpv6.ERRONEOUS_FIELD },
};

export class Responder6 implements Responder {
  readonly #egress: Egress;
  /**
   * The source of ICMPv6 errors, RFC 4443 section 2.2 (b): the first of the dispatcher's own addresses. Without one it is the
   * link-local one, as RFC 6724 and Linux choose, although no router passes it on. A cluster address would tell traceroute that
   * the way ends here, and whoever checks sources that a server speaks.
   */
  readonly #address: Uint8Array;

  constructor(plan: Plan, egress: Egress) {
    this.#egress = egress;
    const own = plan.addresses.find(({ address }) => isIpv6(address));
    this.#address = octetsOf(own?.address ?? linkLocalOf(plan.mac));
  }

  /**
   * The advertisement that answers a valid solicitation for an address of ours, RFC 4861 section 7.2.4. The address is at this
   * place (egress.ts). A router answers, whose R is set: RFC 9568 section 6.4.3.
   */
  advertise(packet: Packet, place: number): number {
    const { frame, bytes, ip, upper } = packet;
    // Who asks whether the address is free has none to be answered at: all nodes hear the answer.
    const isProbe = ipv6.isUnspecified(frame, packet.src);
    const option = isProbe ? 0 : nd.optionAt(frame, upper, packet.upperLength, nd.SOURCE_LINK_LAYER);
    const askerHigh = option === 0 ? ethernet.srcHigh(frame, packet.at) : frame.getUint16(option);
    const askerLow = option === 0 ? ethernet.srcLow(frame, packet.at) : frame.getInt32(option + 2);
    if (ethernet.isGroup(askerHigh)) return 0;
    const message = ip + ipv6.HEADER;
    if (upper !== message) bytes.copyWithin(message, upper, upper + nd.HEADER);
    ipv6.write(frame, ip, nd.LENGTH, protocol.ICMPV6, HOP_LIMIT_ND);
    if (isProbe) bytes.set(ALL_NODES, packet.dst);
    else ipv6.copyAddress(frame, packet.src, packet.dst);
    ipv6.copyAddress(frame, message + nd.TARGET, packet.src);
    const flags = nd.ROUTER | nd.OVERRIDE | (isProbe ? 0 : nd.SOLICITED);
    icmpv6.write(frame, message, icmpv6.NEIGHBOR_ADVERTISEMENT, 0, flags);
    nd.writeOption(
      frame,
      message,
      nd.TARGET_LINK_LAYER,
      this.#egress.macHighOf(place, true),
      this.#egress.macLowOf(place, true),
    );
    icmpv6.setChecksum(frame, ip, message, nd.LENGTH);
    if (isProbe) this.#egress.sendTo(packet, nd.GROUP_MAC_HIGH, nd.ALL_NODES_MAC_LOW);
    else this.#egress.sendTo(packet, askerHigh, askerLow);
    return ethernet.HEADER + ipv6.HEADER + nd.LENGTH;
  }

  echo(packet: Packet): number {
    return this.#back(packet, echoReply6(packet));
  }

  turnRound(packet: Packet, length: number): number {
    return this.#back(packet, turnRound6(packet, length));
  }

  isAnswerable(packet: Packet): boolean {
    return isAnswerable6(packet);
  }

  error(packet: Packet, asVerdict: number, rest: number): number {
    const { type, code } = ERRORS[asVerdict]!;
    return this.#back(packet, error6(packet, this.#address, type, code, rest));
  }

  /** Addresses an answer whose packet is so long: the length of its frame. */
  #back(packet: Packet, length: number): number {
    if (length === 0) return 0;
    this.#egress.sendBack(packet);
    return ethernet.HEADER + length;
  }
}
