/**
 * The header that ICMP (RFC 792) and ICMPv6 (RFC 4443) have in common. Each has a checksum of its own kind.
 *
 *      0               1               2               4
 *     +---------------+---------------+---------------+---------------+
 *   0 |     Type      |     Code      |           Checksum            |
 *     +---------------+---------------+-------------------------------+
 *   4 |            rest of header: identifier, unused, ...            |
 *     +---------------------------------------------------------------+
 *
 * Contract: after `length >= HEADER` no function here reads or writes outside the message.
 */

import * as checksum from "./checksum.ts";

export const HEADER = 8;

const TYPE = 0;
const CODE = 1;
export const CHECKSUM = 2;
const REST = 4;

export function type(frame: DataView, at: number): number {
  return frame.getUint8(at + TYPE);
}

export function code(frame: DataView, at: number): number {
  return frame.getUint8(at + CODE);
}

/** Makes of a message of one type the same of another. */
export function turn(frame: DataView, at: number, from: number, to: number): void {
  const code = frame.getUint8(at + CODE);
  const was = frame.getUint16(at + CHECKSUM);
  frame.setUint8(at + TYPE, to);
  frame.setUint16(at + CHECKSUM, checksum.update(was, (from << 8) | code, (to << 8) | code));
}

/**
 * Writes all of the header but the checksum. `rest` is the second word: an echo's identifier and sequence number, the next
 * hop's MTU (RFC 1191), the pointer, in ICMP in its first octet, flags, or 0.
 */
export function write(frame: DataView, at: number, type: number, code: number, rest: number): void {
  frame.setUint8(at + TYPE, type);
  frame.setUint8(at + CODE, code);
  frame.setInt32(at + REST, rest);
}
