/**
 * TCP header, RFC 9293 section 3.1: without options.
 *
 *   0 | source port (2) | destination port (2) |
 *   4 | sequence number                        |
 *   8 | acknowledgment number                  |
 *  12 | offset, flags (2) | window (2)         |
 *  16 | checksum (2)    | urgent pointer (2)   |
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
