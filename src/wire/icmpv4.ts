/**
 * ICMP, RFC 792.
 *
 *      0               1               2               4
 *     +---------------+---------------+---------------+---------------+
 *   0 |     Type      |     Code      |           Checksum            |
 *     +---------------+---------------+-------------------------------+
 *   4 |            rest of header: identifier, unused, ...            |
 *     +---------------------------------------------------------------+
 *   8 |     data; in an error the embedded packet: header + 8 octets  |
 *
 * Contract: after `length >= HEADER` no function here reads or writes outside the message.
 */

import * as checksum from "./checksum.ts";
import { CHECKSUM, turn } from "./icmp_header.ts";

export { code, HEADER, type, write } from "./icmp_header.ts";

export const ECHO_REPLY = 0;
export const DESTINATION_UNREACHABLE = 3;
export const SOURCE_QUENCH = 4;
export const ECHO_REQUEST = 8;
export const TIME_EXCEEDED = 11;
export const PARAMETER_PROBLEM = 12;

/** Codes of destination unreachable. */
export const NET_UNREACHABLE = 0;
export const HOST_UNREACHABLE = 1;
export const PROTOCOL_UNREACHABLE = 2;
export const PORT_UNREACHABLE = 3;
export const FRAGMENTATION_NEEDED = 4;
export const ADMINISTRATIVELY_PROHIBITED = 13;

/** Of these, what a router says that knows no way: RFC 1812 section 5.2.7.1. */
export const UNROUTED: readonly number[] = [NET_UNREACHABLE, HOST_UNREACHABLE];

/** Code of time exceeded: in transit, so the TTL and not reassembly. */
export const IN_TRANSIT = 0;

/** Where an echo's identifier stands, RFC 792 page 14; in ICMPv6 too. */
export const IDENTIFIER = 4;

/** Is it a message about another packet, which it embeds? Redirects do not count: they speak to hosts. */
export function isError(type: number): boolean {
  return type === DESTINATION_UNREACHABLE || type === SOURCE_QUENCH || type === TIME_EXCEEDED ||
    type === PARAMETER_PROBLEM;
}

export function isChecksumRight(frame: DataView, at: number, length: number): boolean {
  return checksum.sum(frame, at, length) === 0xffff;
}

/** Makes an echo request its own reply: only the type differs, RFC 792 page 14. */
export function turnEcho(frame: DataView, at: number): void {
  turn(frame, at, ECHO_REQUEST, ECHO_REPLY);
}

/** Comes last: `length` octets are the message's. */
export function setChecksum(frame: DataView, at: number, length: number): void {
  frame.setUint16(at + CHECKSUM, 0);
  frame.setUint16(at + CHECKSUM, ~checksum.sum(frame, at, length));
}
