/**
 * Answers of IPv4 that are written over the packet that they answer. Each function returns the length of the answer's packet, or 0 for
 * none; where it goes is for others to say.
 */

import * as icmp from "../wire/icmpv4.ts";
import * as ipv4 from "../wire/ipv4.ts";
import * as protocol from "../wire/protocol.ts";
import type { Packet } from "./packet.ts";

/** The TTL of our own packets, RFC 1700's recommended default. */
const TTL = 64;

/** An ICMP error quotes as much as fits in 576 octets, RFC 1812 section 4.3.2.3. */
const LONGEST_ERROR = 576;
const ERROR_HEADERS = ipv4.HEADER + icmp.HEADER;

/** ICMP errors are sent with precedence "internetwork control", RFC 1812 section 4.3.2.5. */
const PRECEDENCE_INTERNETWORK_CONTROL = 0xc0;
const TOS_BITS = 0x1e;

/** The reply to an echo request. Keeps the header with its options, as RFC 1122 section 3.2.2.6 asks. */
export function echoReply4({ frame, ip, upper, upperLength, totalLength }: Packet): number {
  if (upperLength < icmp.HEADER || icmp.type(frame, upper) !== icmp.ECHO_REQUEST) return 0;
  if (!icmp.isChecksumRight(frame, upper, upperLength)) return 0;
  icmp.turnEcho(frame, upper);
  ipv4.turnRound(frame, ip, TTL);
  return totalLength;
}

/** The first `length` octets of the upper layer, on their way back behind a header of our own. */
export function turnRound4(packet: Packet, length: number): number {
  const { frame, ip, upper } = packet;
  const src = ipv4.src(frame, ip);
  const dst = ipv4.dst(frame, ip);
  packet.bytes.copyWithin(ip + ipv4.HEADER, upper, upper + length);
  ipv4.write(frame, ip, ipv4.HEADER + length, packet.protocol, TTL);
  ipv4.setAddresses(frame, ip, dst, src);
  return ipv4.HEADER + length;
}

/**
 * May an ICMP error be sent about it? RFC 1812 section 4.3.2.7: never about an ICMP error, nor about a fragment other than the first.
 * Broadcasts and sources that are no host have been dropped before.
 */
export function isAnswerable4({ frame, isIcmp, isLaterFragment, upper, upperLength }: Packet): boolean {
  if (isLaterFragment) return false;
  return !isIcmp || (upperLength > 0 && !icmp.isError(icmp.type(frame, upper)));
}

/**
 * An ICMP error about it from an address of ours. `rest` is the MTU, the pointer in its first octet, or 0.
 *
 *     | IPv4 header | ICMP header | the packet, its first 548 octets at most |
 */
export function error4(packet: Packet, from: number, type: number, code: number, rest: number): number {
  const { frame, ip } = packet;
  const message = ip + ipv4.HEADER;
  const src = ipv4.src(frame, ip);
  const tos = (ipv4.tos(frame, ip) & TOS_BITS) | PRECEDENCE_INTERNETWORK_CONTROL;
  const total = Math.min(ERROR_HEADERS + packet.totalLength, LONGEST_ERROR);
  packet.bytes.copyWithin(ip + ERROR_HEADERS, ip, ip + total - ERROR_HEADERS);
  ipv4.write(frame, ip, total, protocol.ICMP, TTL);
  ipv4.setTos(frame, ip, tos);
  ipv4.setAddresses(frame, ip, from, src);
  icmp.write(frame, message, type, code, rest);
  icmp.setChecksum(frame, message, total - ipv4.HEADER);
  return total;
}
