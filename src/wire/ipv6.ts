/**
 * IPv6 header, RFC 8200 section 3, and the chain of extension headers behind it.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-------+---------------+---------------------------------------+
 *   0 |Version| Traffic Class |              Flow Label               |
 *     +-------+---------------+-------+---------------+---------------+
 *   4 |        Payload Length         |  Next Header  |   Hop Limit   |
 *     +-------------------------------+---------------+---------------+
 *   8 |                   Source Address (16 octets)                  |
 *     +---------------------------------------------------------------+
 *  24 |                Destination Address (16 octets)                |
 *     +---------------------------------------------------------------+
 *
 * Contract: when `isValid` holds, no function here reads or writes outside the packet, and `totalLength` octets from `at` on
 * are the packet's. Addresses stay where they are: who needs one reads its four words from the frame.
 */

import * as checksum from "./checksum.ts";

export const HEADER = 40;

export const HOP_BY_HOP = 0;
export const TCP = 6;
export const UDP = 17;
export const ROUTING = 43;
export const FRAGMENT = 44;
export const AUTHENTICATION = 51;
export const ICMPV6 = 58;
export const NO_NEXT_HEADER = 59;
export const DESTINATION_OPTIONS = 60;

const VERSION = 0;
const PAYLOAD_LENGTH = 4;
export const NEXT_HEADER = 6;
const HOP_LIMIT = 7;
export const SRC = 8;
export const DST = 24;

/** The one gate: version and both lengths; there is no header checksum. `length` octets are there. */
export function isValid(frame: DataView, at: number, length: number): boolean {
  return length >= HEADER && frame.getUint8(at + VERSION) >>> 4 === 6 && totalLength(frame, at) <= length;
}

/** For a packet inside an ICMP error, of which only the start is there. */
export function isVersion6(frame: DataView, at: number): boolean {
  return frame.getUint8(at + VERSION) >>> 4 === 6;
}

export function totalLength(frame: DataView, at: number): number {
  return HEADER + frame.getUint16(at + PAYLOAD_LENGTH);
}

export function setTotalLength(frame: DataView, at: number, totalLength: number): void {
  frame.setUint16(at + PAYLOAD_LENGTH, totalLength - HEADER);
}

export function nextHeader(frame: DataView, at: number): number {
  return frame.getUint8(at + NEXT_HEADER);
}

export function hopLimit(frame: DataView, at: number): number {
  return frame.getUint8(at + HOP_LIMIT);
}

/** Takes one from the hop limit, which must not be 0. */
export function decrementHopLimit(frame: DataView, at: number): void {
  frame.setUint8(at + HOP_LIMIT, frame.getUint8(at + HOP_LIMIT) - 1);
}

/** One of the four words of the address at an offset, int32. */
export function word(frame: DataView, address: number, index: number): number {
  return frame.getInt32(address + index * 4);
}

/** Are two addresses in the frame the same? */
export function isSame(frame: DataView, one: number, other: number): boolean {
  return frame.getInt32(one) === frame.getInt32(other) &&
    frame.getInt32(one + 4) === frame.getInt32(other + 4) &&
    frame.getInt32(one + 8) === frame.getInt32(other + 8) &&
    frame.getInt32(one + 12) === frame.getInt32(other + 12);
}

export function copyAddress(frame: DataView, from: number, to: number): void {
  for (let at = 0; at < 16; at += 4) frame.setInt32(to + at, frame.getInt32(from + at));
}

/** ff00::/8 */
export function isMulticast(frame: DataView, address: number): boolean {
  return frame.getUint8(address) === 0xff;
}

/** :: */
export function isUnspecified(frame: DataView, address: number): boolean {
  return frame.getInt32(address) === 0 && frame.getInt32(address + 4) === 0 &&
    frame.getInt32(address + 8) === 0 &&
    frame.getInt32(address + 12) === 0;
}

/** fe80::/10 */
export function isLinkLocal(frame: DataView, address: number): boolean {
  return (frame.getUint16(address) & 0xffc0) === 0xfe80;
}

/** A source that no packet on the wire may have: multicast, ::1, and IPv4 in disguise (::ffff:0:0/96), RFC 4291. */
export function isMartianSource(frame: DataView, address: number): boolean {
  if (isMulticast(frame, address)) return true;
  if (frame.getInt32(address) !== 0 || frame.getInt32(address + 4) !== 0) return false;
  const third = frame.getInt32(address + 8);
  return third === 0x0000ffff || (third === 0 && frame.getInt32(address + 12) === 1);
}

/** A destination that must never be seen on the wire: :: and ::1. */
export function isMartianDestination(frame: DataView, address: number): boolean {
  return frame.getInt32(address) === 0 && frame.getInt32(address + 4) === 0 &&
    frame.getInt32(address + 8) === 0 &&
    (frame.getInt32(address + 12) & ~1) === 0;
}

/** The sum that TCP, UDP and ICMPv6 put before their own: both addresses, length and protocol, RFC 8200 section 8.1. */
export function pseudoHeaderSum(frame: DataView, at: number, length: number, protocol: number): number {
  return checksum.sum(frame, at + SRC, 32, length + protocol);
}

/** Turns a packet round: source and destination change places, the hop limit starts anew. */
export function turnRound(frame: DataView, at: number, hopLimit: number): void {
  for (let word = 0; word < 16; word += 4) {
    const from = frame.getInt32(at + SRC + word);
    frame.setInt32(at + SRC + word, frame.getInt32(at + DST + word));
    frame.setInt32(at + DST + word, from);
  }
  frame.setUint8(at + HOP_LIMIT, hopLimit);
}

/** Writes all of the header but the addresses. */
export function write(
  frame: DataView,
  at: number,
  payloadLength: number,
  nextHeader: number,
  hopLimit: number,
): void {
  frame.setUint32(at + VERSION, 0x60000000);
  frame.setUint16(at + PAYLOAD_LENGTH, payloadLength);
  frame.setUint8(at + NEXT_HEADER, nextHeader);
  frame.setUint8(at + HOP_LIMIT, hopLimit);
}

/** The most extension headers that are walked; more in one packet serve no one but an attacker. */
const MOST_EXTENSIONS = 8;

/**
 * A walk along the extension headers of a valid packet. One record, refilled by `walk`: afterwards `protocol` is the upper
 * layer's and `at` where it begins, or, in a later fragment, where the fragment's octets begin.
 */
export class Extensions {
  /** -1 when the chain is broken, cut off or too long. */
  protocol = -1;
  at = 0;
  /** Offset of the octet that named `protocol`, from the start of the packet: where a Parameter Problem points. */
  pointer = 0;
  isFragment = false;
  /** Carries no upper-layer header. */
  isLaterFragment = false;
  /** Has a routing header that is not yet used up. */
  isRouted = false;

  /** `length` octets are the packet's; less than its total length inside an ICMP error. */
  walk(frame: DataView, ip: number, length: number): void {
    this.isFragment = false;
    this.isLaterFragment = false;
    this.isRouted = false;
    const end = ip + length;
    let next = nextHeader(frame, ip);
    let at = ip + HEADER;
    this.pointer = NEXT_HEADER;
    this.protocol = -1;
    for (let count = 0; count <= MOST_EXTENSIONS; count++) {
      if (!isExtension(next) || this.isLaterFragment) {
        this.protocol = next;
        this.at = at;
        return;
      }
      if (at + 8 > end) return;
      const size = next === FRAGMENT
        ? 8
        : next === AUTHENTICATION
        ? (frame.getUint8(at + 1) + 2) * 4
        : (frame.getUint8(at + 1) + 1) * 8;
      if (at + size > end) return;
      if (next === FRAGMENT) {
        const offsetFlags = frame.getUint16(at + 2);
        this.isFragment = (offsetFlags & 0xfff9) !== 0;
        this.isLaterFragment = (offsetFlags & 0xfff8) !== 0;
      } else if (next === ROUTING && frame.getUint8(at + 3) !== 0) {
        this.isRouted = true;
      }
      this.pointer = at - ip;
      next = frame.getUint8(at);
      at += size;
    }
  }
}

function isExtension(protocol: number): boolean {
  return protocol === HOP_BY_HOP || protocol === DESTINATION_OPTIONS || protocol === ROUTING ||
    protocol === FRAGMENT ||
    protocol === AUTHENTICATION;
}
