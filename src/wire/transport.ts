/** What TCP and UDP headers have in common, RFC 9293 section 3.1 and RFC 768: the ports come first. */

import * as checksum from "./checksum.ts";

/** Both ports. */
export const PORTS = 4;

const SRC_PORT = 0;
const DST_PORT = 2;

export const UDP_HEADER = 8;
const UDP_LENGTH = 4;
const UDP_CHECKSUM = 6;

/**
 * Is a UDP datagram whole and its checksum right? `pseudoSum` is that of the pseudo-header. A checksum of 0
 * means that there is none: right when it may lack, which only IPv4 allows (RFC 8200 section 8.1).
 */
export function isUdpRight(
  frame: DataView,
  at: number,
  length: number,
  pseudoSum: number,
  mayLack: boolean,
): boolean {
  if (length < UDP_HEADER || frame.getUint16(at + UDP_LENGTH) !== length) return false;
  if (frame.getUint16(at + UDP_CHECKSUM) === 0) return mayLack;
  return checksum.sum(frame, at, length, pseudoSum) === 0xffff;
}

/** Writes the length and checksum of a datagram of `length` octets, UDP_HEADER at least. */
export function finishUdp(frame: DataView, at: number, length: number, pseudoSum: number): void {
  frame.setUint16(at + UDP_LENGTH, length);
  frame.setUint16(at + UDP_CHECKSUM, 0);
  const sum = ~checksum.sum(frame, at, length, pseudoSum) & 0xffff;
  frame.setUint16(at + UDP_CHECKSUM, sum === 0 ? 0xffff : sum);
}

/** After `length >= PORTS`. */
export function srcPort(frame: DataView, at: number): number {
  return frame.getUint16(at + SRC_PORT);
}

/** After `length >= PORTS`. */
export function dstPort(frame: DataView, at: number): number {
  return frame.getUint16(at + DST_PORT);
}

/** Source and destination in one int32, as they stand. After `length >= PORTS`. */
export function bothPorts(frame: DataView, at: number): number {
  return frame.getInt32(at + SRC_PORT);
}
