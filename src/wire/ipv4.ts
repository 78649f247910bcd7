/**
 * IPv4 header, RFC 791 section 3.1.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-------+-------+---------------+-------------------------------+
 *   0 |Version|  IHL  |Type of Service|         Total Length          |
 *     +-------+-------+---------------+-----+-------------------------+
 *   4 |         Identification        |Flags|     Fragment Offset     |
 *     +---------------+---------------+-----+-------------------------+
 *   8 |  Time to Live |    Protocol   |        Header Checksum        |
 *     +---------------+---------------+-------------------------------+
 *  12 |                        Source Address                         |
 *     +---------------------------------------------------------------+
 *  16 |                      Destination Address                      |
 *     +---------------------------------------------------------------+
 *  20 |                    Options (IHL - 5 words)                    |
 *
 * Contract: when `isValid` holds, no function here reads or writes outside the packet, and `totalLength`
 * octets from `at` on are the packet's. Addresses are int32 (address.ts says why). Whatever writes leaves a right header checksum.
 */

import * as checksum from "./checksum.ts";

export const HEADER = 20;

const VERSION_IHL = 0;
const TOS = 1;
const TOTAL_LENGTH = 2;
const IDENTIFICATION = 4;
const FLAGS_OFFSET = 6;
const TTL = 8;
const PROTOCOL = 9;
const CHECKSUM = 10;
export const SRC = 12;
export const DST = 16;

const DONT_FRAGMENT = 0x4000;
const MORE_FRAGMENTS = 0x2000;
const FRAGMENT_OFFSET = 0x1fff;

/** The one gate, RFC 1812 section 5.2.2: version, both lengths, header checksum. `length` octets are there. */
export function isValid(frame: DataView, at: number, length: number): boolean {
  if (length < HEADER) return false;
  const versionIhl = frame.getUint8(at + VERSION_IHL);
  if (versionIhl >>> 4 !== 4) return false;
  const header = (versionIhl & 15) << 2;
  const total = frame.getUint16(at + TOTAL_LENGTH);
  return header >= HEADER && total >= header && total <= length && checksum.sum(frame, at, header) === 0xffff;
}

/** The gate for a packet inside an ICMP error, of which only the start is there. */
export function isVersion4(frame: DataView, at: number): boolean {
  return frame.getUint8(at + VERSION_IHL) >>> 4 === 4;
}

export function headerLength(frame: DataView, at: number): number {
  return (frame.getUint8(at + VERSION_IHL) & 15) << 2;
}

export function tos(frame: DataView, at: number): number {
  return frame.getUint8(at + TOS);
}

export function totalLength(frame: DataView, at: number): number {
  return frame.getUint16(at + TOTAL_LENGTH);
}

export function ttl(frame: DataView, at: number): number {
  return frame.getUint8(at + TTL);
}

export function setHopLimit(frame: DataView, at: number, ttl: number): void {
  frame.setUint8(at + TTL, ttl);
  setChecksum(frame, at);
}

export function protocol(frame: DataView, at: number): number {
  return frame.getUint8(at + PROTOCOL);
}

export function src(frame: DataView, at: number): number {
  return frame.getInt32(at + SRC);
}

export function dst(frame: DataView, at: number): number {
  return frame.getInt32(at + DST);
}

export function setAddresses(frame: DataView, at: number, src: number, dst: number): void {
  frame.setInt32(at + SRC, src);
  frame.setInt32(at + DST, dst);
  setChecksum(frame, at);
}

export function setTos(frame: DataView, at: number, tos: number): void {
  frame.setUint8(at + TOS, tos);
  setChecksum(frame, at);
}

export function setTotalLength(frame: DataView, at: number, totalLength: number): void {
  frame.setUint16(at + TOTAL_LENGTH, totalLength);
  setChecksum(frame, at);
}

/** The sum that TCP and UDP put before their own: both addresses, length and protocol. */
export function pseudoHeaderSum(frame: DataView, at: number, length: number, protocol: number): number {
  return checksum.sum(frame, at + SRC, 8, length + protocol);
}

/** The sender forbids fragmentation. */
export function isDontFragment(frame: DataView, at: number): boolean {
  return (frame.getUint16(at + FLAGS_OFFSET) & DONT_FRAGMENT) !== 0;
}

/** The fragment offset in octets, plus one when more fragments follow; 0 when the packet is whole. As in IPv6. */
export function fragmentOffsetAndMore(frame: DataView, at: number): number {
  const flagsOffset = frame.getUint16(at + FLAGS_OFFSET);
  return ((flagsOffset & FRAGMENT_OFFSET) << 3) | ((flagsOffset & MORE_FRAGMENTS) >>> 13);
}

/** By which the fragments of a packet are known to belong together. */
export function identification(frame: DataView, at: number): number {
  return frame.getUint16(at + IDENTIFICATION);
}

export function setIdentification(frame: DataView, at: number, identification: number): void {
  frame.setUint16(at + IDENTIFICATION, identification);
  setChecksum(frame, at);
}

/** Makes it a fragment, or a whole packet where there is no offset and no more: one that may be fragmented. */
export function setFragment(frame: DataView, at: number, offset: number, hasMore: boolean): void {
  frame.setUint16(at + FLAGS_OFFSET, (offset >>> 3) | (hasMore ? MORE_FRAGMENTS : 0));
  setChecksum(frame, at);
}

/**
 * Takes one from the TTL and patches the checksum, RFC 1624: HC' = ~(~HC + ~m + m').
 * With m' = m - 0x0100 that is HC + 0x0100, carried around at 0xffff so that
 * the sum is +0 and never the -0 of RFC 1141. The TTL must not be 0.
 */
export function decrementTtl(frame: DataView, at: number): void {
  frame.setUint8(at + TTL, frame.getUint8(at + TTL) - 1);
  const sum = frame.getUint16(at + CHECKSUM) + 0x0100;
  frame.setUint16(at + CHECKSUM, sum >= 0xffff ? sum + 1 : sum);
}

/** Turns a packet round: source and destination change places, the TTL starts anew. Options stay. */
export function turnRound(frame: DataView, at: number, ttl: number): void {
  frame.setUint8(at + TTL, ttl);
  setAddresses(frame, at, dst(frame, at), src(frame, at));
}

/**
 * Writes a header of 20 octets, all but the addresses, for a packet of our own. Such packets are never fragmented: DF is set
 * and the identification is 0, which RFC 6864 section 4.1 allows for atomic datagrams. The type of service is 0.
 */
export function write(frame: DataView, at: number, totalLength: number, protocol: number, ttl: number): void {
  frame.setUint8(at + VERSION_IHL, 0x45);
  frame.setUint8(at + TOS, 0);
  frame.setUint16(at + TOTAL_LENGTH, totalLength);
  frame.setUint16(at + IDENTIFICATION, 0);
  frame.setUint16(at + FLAGS_OFFSET, DONT_FRAGMENT);
  frame.setUint8(at + TTL, ttl);
  frame.setUint8(at + PROTOCOL, protocol);
  setChecksum(frame, at);
}

function setChecksum(frame: DataView, at: number): void {
  frame.setUint16(at + CHECKSUM, 0);
  frame.setUint16(at + CHECKSUM, ~checksum.sum(frame, at, headerLength(frame, at)));
}

/** 224.0.0.0/4 and 255.255.255.255: never the source of a packet, RFC 1812 section 5.3.7; and class E with them. */
export function isGroup(address: number): boolean {
  return address >>> 28 >= 14;
}

/** A destination that must never be seen on the wire, RFC 1812 section 5.3.7: 0/8 and 127/8. */
export function isMartianDestination(address: number): boolean {
  const net = address >>> 24;
  return net === 0 || net === 127;
}

/** A source that no host may have on the wire, RFC 1812 section 5.3.7: 0/8, 127/8, multicast and above. */
export function isMartianSource(address: number): boolean {
  return isMartianDestination(address) || isGroup(address);
}

/** 169.254.0.0/16, RFC 3927. */
export function isLinkLocal(address: number): boolean {
  return address >>> 16 === 0xa9fe;
}

const END_OF_OPTIONS = 0;
const NO_OPERATION = 1;
const LOOSE_SOURCE_ROUTE = 0x83;
const STRICT_SOURCE_ROUTE = 0x89;

/** What `walkOptions` finds, when it is no offset. */
export const OPTIONS_FINE = 0;
export const SOURCE_ROUTED = -1;

/**
 * Walks the options of a valid packet, RFC 791 section 3.1. OPTIONS_FINE, SOURCE_ROUTED, or the offset from the packet's start of
 * an option whose length is wrong, where a Parameter Problem points.
 */
export function walkOptions(frame: DataView, at: number): number {
  const end = headerLength(frame, at);
  let found = OPTIONS_FINE;
  for (let option = HEADER; option < end;) {
    const kind = frame.getUint8(at + option);
    if (kind === END_OF_OPTIONS) break;
    if (kind === NO_OPERATION) {
      option++;
      continue;
    }
    if (option + 1 >= end) return option;
    const length = frame.getUint8(at + option + 1);
    if (length < 2 || option + length > end) return option;
    if (kind === LOOSE_SOURCE_ROUTE || kind === STRICT_SOURCE_ROUTE) found = SOURCE_ROUTED;
    option += length;
  }
  return found;
}
