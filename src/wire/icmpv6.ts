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
import * as ipv6 from "./ipv6.ts";
import * as protocol from "./protocol.ts";

export const HEADER = 8;

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

/** Code of time exceeded. */
export const HOP_LIMIT = 0;

/** Codes of parameter problem. */
export const ERRONEOUS_FIELD = 0;
export const UNRECOGNIZED_NEXT_HEADER = 1;

const TYPE = 0;
const CODE = 1;
const CHECKSUM = 2;
const REST = 4;

export function type(frame: DataView, at: number): number {
  return frame.getUint8(at + TYPE);
}

export function code(frame: DataView, at: number): number {
  return frame.getUint8(at + CODE);
}

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
  const code = frame.getUint8(at + CODE);
  const was = frame.getUint16(at + CHECKSUM);
  frame.setUint8(at + TYPE, ECHO_REPLY);
  frame.setUint16(at + CHECKSUM, checksum.update(was, (ECHO_REQUEST << 8) | code, (ECHO_REPLY << 8) | code));
}

/** Writes all of the header but the checksum. `rest` is the second word: the MTU, the pointer, flags, or 0. */
export function write(frame: DataView, at: number, type: number, code: number, rest: number): void {
  frame.setUint8(at + TYPE, type);
  frame.setUint8(at + CODE, code);
  frame.setInt32(at + REST, rest);
}

/** Comes last: the message's `length` octets and the addresses of its packet, the one at `ip`, are there. */
export function setChecksum(frame: DataView, ip: number, at: number, length: number): void {
  frame.setUint16(at + CHECKSUM, 0);
  const pseudoSum = ipv6.pseudoHeaderSum(frame, ip, length, protocol.ICMPV6);
  frame.setUint16(at + CHECKSUM, ~checksum.sum(frame, at, length, pseudoSum));
}
