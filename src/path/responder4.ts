/**
 * What the dispatcher says for itself in IPv4. Every answer overwrites the frame that it answers, in its slot, and goes to the
 * machine that brought it or to the gateway: no look-up, no buffer. Each function returns the length of the answer, or 0 for none.
 */

import { isIpv6, wordOf } from "../wire/address.ts";
import * as arp from "../wire/arp.ts";
import * as ethernet from "../wire/ethernet.ts";
import * as icmp from "../wire/icmpv4.ts";
import * as ipv4 from "../wire/ipv4.ts";
import * as protocol from "../wire/protocol.ts";
import type { Responder } from "./answers.ts";
import type { Egress } from "./egress.ts";
import type { Packet } from "./packet.ts";
import type { Plan } from "./plan.ts";
import * as verdict from "./verdict.ts";

/** The TTL of our own packets, RFC 1700's recommended default. */
const TTL = 64;

/** An ICMP error quotes as much as fits in 576 octets, RFC 1812 section 4.3.2.3. */
const LONGEST_ERROR = 576;
const ERROR_HEADERS = ipv4.HEADER + icmp.HEADER;

/** ICMP errors are sent with precedence "internetwork control", RFC 1812 section 4.3.2.5. */
const PRECEDENCE_INTERNETWORK_CONTROL = 0xc0;
const TOS_BITS = 0x1e;

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

  /** Keeps the header with its options, as RFC 1122 section 3.2.2.6 asks. */
  echo(packet: Packet): number {
    const { frame, ip, upper, upperLength, totalLength } = packet;
    if (upperLength < icmp.HEADER || icmp.type(frame, upper) !== icmp.ECHO_REQUEST) return 0;
    if (!icmp.isChecksumRight(frame, upper, upperLength)) return 0;
    icmp.turnEcho(frame, upper);
    ipv4.turnRound(frame, ip, TTL);
    this.#egress.sendBack(packet);
    return ethernet.HEADER + totalLength;
  }

  turnRound(packet: Packet, length: number): number {
    const { frame, ip, upper } = packet;
    const src = ipv4.src(frame, ip);
    const dst = ipv4.dst(frame, ip);
    packet.bytes.copyWithin(ip + ipv4.HEADER, upper, upper + length);
    ipv4.write(frame, ip, ipv4.HEADER + length, packet.protocol, TTL);
    ipv4.setAddresses(frame, ip, dst, src);
    this.#egress.sendBack(packet);
    return ethernet.HEADER + ipv4.HEADER + length;
  }

  /**
   * RFC 1812 section 4.3.2.7: never about an ICMP error, nor about a fragment other than the first. Broadcasts and sources that
   * are no host have been dropped before.
   */
  isAnswerable({ frame, isIcmp, isLaterFragment, upper, upperLength }: Packet): boolean {
    if (this.#address === 0 || isLaterFragment) return false;
    return !isIcmp || (upperLength > 0 && !icmp.isError(icmp.type(frame, upper)));
  }

  /**
   * `rest` is the MTU, the pointer in its first octet, or 0.
   *
   *     | Ethernet | IPv4 header | ICMP header | the packet, its first 548 octets at most |
   */
  error(packet: Packet, asVerdict: number, rest: number): number {
    const { frame, ip } = packet;
    const { type, code } = ERRORS[asVerdict]!;
    const message = ip + ipv4.HEADER;
    const src = ipv4.src(frame, ip);
    const tos = (ipv4.tos(frame, ip) & TOS_BITS) | PRECEDENCE_INTERNETWORK_CONTROL;
    const total = Math.min(ERROR_HEADERS + packet.totalLength, LONGEST_ERROR);
    packet.bytes.copyWithin(ip + ERROR_HEADERS, ip, ip + total - ERROR_HEADERS);
    ipv4.write(frame, ip, total, protocol.ICMP, TTL);
    ipv4.setTos(frame, ip, tos);
    ipv4.setAddresses(frame, ip, this.#address, src);
    icmp.write(frame, message, type, code, rest);
    icmp.setChecksum(frame, message, total - ipv4.HEADER);
    this.#egress.sendBack(packet);
    return ethernet.HEADER + total;
  }
}
