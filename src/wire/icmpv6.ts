/**
 * ICMPv6, RFC 4443: the header of ICMP, a checksum over a pseudo-header, errors below type 128.
 *
 *     +---------------+---------------+---------------+---------------+
 *   0 |     Type      |     Code      |           Checksum            |
 *     +---------------+---------------+-------------------------------+
 *   4 |       MTU, pointer, identifier and sequence, or unused        |
 *     +---------------------------------------------------------------+
 *   8 |       data; in an error the embedded packet                   |
 *
 * Contract: after `length >= HEADER` no function here reads or writes outside the message.
 */

import * as checksum from "./checksum.ts";
import { CHECKSUM, turn } from "./icmp_header.ts";
import * as ipv6 from "./ipv6.ts";
import * as protocol from "./protocol.ts";

export { code, HEADER, type, write } from "./icmp_header.ts";

export const DESTINATION_UNREACHABLE = 1;
export const PACKET_TOO_BIG = 2;
export const TIME_EXCEEDED = 3;
export const PARAMETER_PROBLEM = 4;
export const ECHO_REQUEST = 128;
export const ECHO_REPLY = 129;
export const NEIGHBOR_SOLICITATION = 135;
export const NEIGHBOR_ADVERTISEMENT = 136;
export const REDIRECT = 137;

/** Codes of destination unreachable. */
export const NO_ROUTE = 0;
export const ADMINISTRATIVELY_PROHIBITED = 1;
export const ADDRESS_UNREACHABLE = 3;
export const PORT_UNREACHABLE = 4;

/** Of these, what a router says that knows no way: RFC 4443 section 3.1. */
export const UNROUTED: readonly number[] = [NO_ROUTE, ADDRESS_UNREACHABLE];

/** Code of time exceeded. */
export const HOP_LIMIT = 0;

/** Codes of parameter problem. */
export const ERRONEOUS_FIELD = 0;
export const UNRECOGNIZED_NEXT_HEADER = 1;

/** Is it a message about another packet, which it embeds? */
export function isError(type: number): boolean {
  return type < 128;
}

/** `length` octets from `at` on are the message's, in the packet at `ip`. */
export function isChecksumRight(frame: DataView, ip: number, at: number, length: number): boolean {
  return checksum.sum(frame, at, length, ipv6.pseudoHeaderSum(frame, ip, length, protocol.ICMPV6)) === 0xffff;
}

/** Makes an echo request its own reply: only the type differs; the turned addresses sum alike. */
export function turnEcho(frame: DataView, at: number): void {
  turn(frame, at, ECHO_REQUEST, ECHO_REPLY);
}

/** Comes last: the message's `length` octets and the addresses of its packet, the one at `ip`, are there. */
export function setChecksum(frame: DataView, ip: number, at: number, length: number): void {
  frame.setUint16(at + CHECKSUM, 0);
  const pseudoSum = ipv6.pseudoHeaderSum(frame, ip, length, protocol.ICMPV6);
  frame.setUint16(at + CHECKSUM, ~checksum.sum(frame, at, length, pseudoSum));
}
