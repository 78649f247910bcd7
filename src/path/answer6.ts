/**
 * Answers of IPv6 that are written over the packet that they answer. Each function returns the length of the answer's packet, or 0 for
 * none; where it goes is for others to say.
 */

import * as icmpv6 from "../wire/icmpv6.ts";
import * as ipv6 from "../wire/ipv6.ts";
import * as protocol from "../wire/protocol.ts";
import type { Packet } from "./packet.ts";

const HOP_LIMIT = 64;

/** An ICMPv6 error quotes as much as fits in the least MTU, RFC 4443 section 2.4 (c). */
export const LONGEST_ERROR6 = 1280;

/** The reply to an echo request, without the request's extension headers. */
export function echoReply6(packet: Packet): number {
  const { frame, ip, upper, upperLength } = packet;
  if (upperLength < icmpv6.HEADER || icmpv6.type(frame, upper) !== icmpv6.ECHO_REQUEST) return 0;
  if (!icmpv6.isChecksumRight(frame, ip, upper, upperLength)) return 0;
  icmpv6.turnEcho(frame, upper);
  return turnRound6(packet, upperLength);
}

/** The first `length` octets of the upper layer, on their way back behind a header of our own. */
export function turnRound6(packet: Packet, length: number): number {
  const { frame, ip, upper } = packet;
  const answer = ip + ipv6.HEADER;
  if (upper !== answer) packet.bytes.copyWithin(answer, upper, upper + length);
  ipv6.swapAddresses(frame, ip);
  ipv6.write(frame, ip, length, packet.protocol, HOP_LIMIT);
  return ipv6.HEADER + length;
}

/**
 * May an ICMP error be sent about it? RFC 4443 section 2.4 (e): never about an error or a redirect; and as in IPv4, not about a later
 * fragment. Groups and sources that are no host have been dropped before.
 */
export function isAnswerable6({ frame, isIcmp, isLaterFragment, upper, upperLength }: Packet): boolean {
  if (isLaterFragment) return false;
  if (!isIcmp) return true;
  if (upperLength <= 0) return false;
  const type = icmpv6.type(frame, upper);
  return !icmpv6.isError(type) && type !== icmpv6.REDIRECT;
}

/**
 * An ICMP error about it from an address of ours, as octets. `rest` is the MTU, the pointer, or 0.
 *
 *     | IPv6 header | ICMPv6 header | the packet, its first 1232 octets at most |
 */
export function error6(packet: Packet, from: Uint8Array, type: number, code: number, rest: number): number {
  const { frame, bytes, ip } = packet;
  const message = ip + ipv6.HEADER;
  const length = Math.min(icmpv6.HEADER + packet.totalLength, LONGEST_ERROR6 - ipv6.HEADER);
  const quoted = message + icmpv6.HEADER;
  bytes.copyWithin(quoted, ip, ip + length - icmpv6.HEADER);
  ipv6.write(frame, ip, length, protocol.ICMPV6, HOP_LIMIT);
  ipv6.copyAddress(frame, packet.src, packet.dst);
  bytes.set(from, packet.src);
  icmpv6.write(frame, message, type, code, rest);
  icmpv6.setChecksum(frame, ip, message, length);
  return ipv6.HEADER + length;
}
