/**
 * TCP header, RFC 9293 section 3.1. Of its options only the maximum segment size is read and written.
 *
 *   0 | source port (2) | destination port (2) |
 *   4 | sequence number                        |
 *   8 | acknowledgment number                  |
 *  12 | offset, flags (2) | window (2)         |
 *  16 | checksum (2)    | urgent pointer (2)   |
 *  20 | options (offset * 4 - 20)              |
 *
 * Contract: after `length >= HEADER` no function here reads or writes outside the header.
 */

import * as checksum from "./checksum.ts";

export const HEADER = 20;

export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const PSH = 0x08;
export const ACK = 0x10;

/** Octets of the option that says the maximum segment size. */
export const MSS_OPTION = 4;
/** Of IPv4 and of IPv6, RFC 9293 section 3.7.1: what a host may be sent that names none. The smaller one. */
export const DEFAULT_MSS = 536;

/** Kinds of options. */
const END_OF_OPTIONS = 0;
const NO_OPERATION = 1;
const MSS = 2;

const SRC_PORT = 0;
const DST_PORT = 2;
const SEQUENCE = 4;
const ACKNOWLEDGMENT = 8;
const OFFSET_FLAGS = 12;
const WINDOW = 14;
const CHECKSUM = 16;
const URGENT = 18;

/** `pseudoSum` is that of the pseudo-header of a segment of `length` octets. */
export function isChecksumRight(frame: DataView, at: number, length: number, pseudoSum: number): boolean {
  return checksum.sum(frame, at, length, pseudoSum) === 0xffff;
}

/** Comes last: `length` octets are the segment's. */
export function setChecksum(frame: DataView, at: number, length: number, pseudoSum: number): void {
  frame.setUint16(at + CHECKSUM, 0);
  frame.setUint16(at + CHECKSUM, ~checksum.sum(frame, at, length, pseudoSum));
}

export function headerLength(frame: DataView, at: number): number {
  return (frame.getUint8(at + OFFSET_FLAGS) >>> 4) << 2;
}

/** Another segment follows this one: FIN and PSH belong to the last. */
export function setMoreToCome(frame: DataView, at: number): void {
  frame.setUint16(at + OFFSET_FLAGS, frame.getUint16(at + OFFSET_FLAGS) & ~(FIN | PSH));
}

export function flags(frame: DataView, at: number): number {
  return frame.getUint16(at + OFFSET_FLAGS) & 0x3f;
}

export function sequence(frame: DataView, at: number): number {
  return frame.getInt32(at + SEQUENCE);
}

export function window(frame: DataView, at: number): number {
  return frame.getUint16(at + WINDOW);
}

export function acknowledgment(frame: DataView, at: number): number {
  return frame.getInt32(at + ACKNOWLEDGMENT);
}

export function setPorts(frame: DataView, at: number, srcPort: number, dstPort: number): void {
  frame.setUint16(at + SRC_PORT, srcPort);
  frame.setUint16(at + DST_PORT, dstPort);
}

/** Writes what stands between the ports and the checksum, of a segment without options that acknowledges nothing. */
export function write(frame: DataView, at: number, sequence: number, flags: number): void {
  frame.setInt32(at + SEQUENCE, sequence);
  frame.setInt32(at + ACKNOWLEDGMENT, 0);
  frame.setUint16(at + OFFSET_FLAGS, (5 << 12) | flags);
  frame.setUint16(at + WINDOW, (flags & SYN) === 0 ? 0 : 0xffff);
  frame.setUint16(at + URGENT, 0);
}

/** Do these flags ask for a new connection? */
export function isSyn(flags: number): boolean {
  return (flags & (SYN | ACK | RST)) === SYN;
}

/** What `write` leaves: an acknowledgment, with a window in octets. The flag ACK is for the writer to set. */
export function acknowledge(frame: DataView, at: number, acknowledgment: number, window: number): void {
  frame.setInt32(at + ACKNOWLEDGMENT, acknowledgment);
  frame.setUint16(at + WINDOW, window);
}

/** The option that says how large the segments to us may be, RFC 9293 section 3.7.1: behind a header that has no other. */
export function writeMss(frame: DataView, at: number, mss: number): void {
  frame.setUint16(at + OFFSET_FLAGS, ((HEADER + MSS_OPTION) / 4 << 12) | flags(frame, at));
  frame.setUint16(at + HEADER, (MSS << 8) | MSS_OPTION);
  frame.setUint16(at + HEADER + 2, mss);
}

/** The maximum segment size that a segment of `length` octets names; DEFAULT_MSS where it names none. */
export function mss(frame: DataView, at: number, length: number): number {
  const end = at + Math.min(length, headerLength(frame, at));
  for (let option = at + HEADER; option < end;) {
    const kind = frame.getUint8(option);
    if (kind === END_OF_OPTIONS) break;
    const size = kind === NO_OPERATION ? 1 : option + 1 < end ? frame.getUint8(option + 1) : 0;
    if (size === 0 || option + size > end) break;
    if (kind === MSS && size === MSS_OPTION) return frame.getUint16(option + 2);
    option += size;
  }
  return DEFAULT_MSS;
}

/** Is it the answer to a SYN? */
export function isSynAck(frame: DataView, at: number): boolean {
  return (flags(frame, at) & (SYN | ACK | RST)) === (SYN | ACK);
}

/**
 * Makes a segment of `length` octets the reset that answers it, RFC 9293 section 3.10.7.1: with ACK the reset takes
 * its sequence number from there, without it acknowledges all that the segment occupied.
 * `pseudoSum` is the sum of the pseudo-header of a segment of HEADER octets.
 */
export function turnReset(frame: DataView, at: number, length: number, pseudoSum: number): void {
  const offsetFlags = frame.getUint16(at + OFFSET_FLAGS);
  const acknowledged = (offsetFlags & ACK) !== 0;
  const data = Math.max(0, length - (offsetFlags >>> 12) * 4);
  const occupied = data + ((offsetFlags & SYN) !== 0 ? 1 : 0) + ((offsetFlags & FIN) !== 0 ? 1 : 0);
  setPorts(frame, at, frame.getUint16(at + DST_PORT), frame.getUint16(at + SRC_PORT));
  const sequence = acknowledged ? frame.getInt32(at + ACKNOWLEDGMENT) : 0;
  const acknowledgment = acknowledged ? 0 : (frame.getInt32(at + SEQUENCE) + occupied) | 0;
  frame.setInt32(at + SEQUENCE, sequence);
  frame.setInt32(at + ACKNOWLEDGMENT, acknowledgment);
  frame.setUint16(at + OFFSET_FLAGS, (5 << 12) | RST | (acknowledged ? 0 : ACK));
  frame.setUint16(at + WINDOW, 0);
  frame.setUint16(at + URGENT, 0);
  setChecksum(frame, at, HEADER, pseudoSum);
}
