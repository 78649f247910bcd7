/**
 * IPv6 header, RFC 8200 section 3, and the extension headers that may stand behind it (section 4).
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
import * as protocol from "./protocol.ts";

export const HEADER = 40;

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

/** The gate for a packet inside an ICMPv6 error, of which only the start is there. */
export function isVersion6(frame: DataView, at: number): boolean {
  return frame.getUint8(at + VERSION) >>> 4 === 6;
}

export function totalLength(frame: DataView, at: number): number {
  return HEADER + frame.getUint16(at + PAYLOAD_LENGTH);
}

export function setTotalLength(frame: DataView, at: number, totalLength: number): void {
  frame.setUint16(at + PAYLOAD_LENGTH, totalLength - HEADER);
}

export function setNextHeader(frame: DataView, at: number, nextHeader: number): void {
  frame.setUint8(at + NEXT_HEADER, nextHeader);
}

export function nextHeader(frame: DataView, at: number): number {
  return frame.getUint8(at + NEXT_HEADER);
}

export function hopLimit(frame: DataView, at: number): number {
  return frame.getUint8(at + HOP_LIMIT);
}

export function setHopLimit(frame: DataView, at: number, hopLimit: number): void {
  frame.setUint8(at + HOP_LIMIT, hopLimit);
}

/** Takes one from the hop limit, which must not be 0. */
export function decrementHopLimit(frame: DataView, at: number): void {
  frame.setUint8(at + HOP_LIMIT, frame.getUint8(at + HOP_LIMIT) - 1);
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

/** ff02::12, all VRRP routers of the link. */
export function isVrrpGroup(frame: DataView, address: number): boolean {
  return frame.getInt32(address) === (0xff020000 | 0) && frame.getInt32(address + 4) === 0 &&
    frame.getInt32(address + 8) === 0 && frame.getInt32(address + 12) === 0x12;
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

/** Source and destination change places. */
export function swapAddresses(frame: DataView, at: number): void {
  for (let word = 0; word < 16; word += 4) {
    const src = frame.getInt32(at + SRC + word);
    frame.setInt32(at + SRC + word, frame.getInt32(at + DST + word));
    frame.setInt32(at + DST + word, src);
  }
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

/** Is the IPv6 header's next header an extension header, so that another next header follows in it? */
export function isExtension(next: number): boolean {
  return next === protocol.HOP_BY_HOP || isLaterExtension(next);
}

/** The same for an extension header's next header. The hop-by-hop header comes first or not at all, RFC 8200 section 4. */
export function isLaterExtension(next: number): boolean {
  return next === protocol.DESTINATION_OPTIONS || next === protocol.ROUTING || next === protocol.FRAGMENT ||
    next === protocol.AUTHENTICATION;
}

/** The least that an extension header takes, and what `extensionLength` reads. */
export const LEAST_EXTENSION = 8;

/** Octets of the extension header at `at`, of which LEAST_EXTENSION are there. `kind` is its protocol number. */
export function extensionLength(frame: DataView, at: number, kind: number): number {
  if (kind === protocol.FRAGMENT) return 8;
  const length = frame.getUint8(at + 1);
  // RFC 4302 section 2.2 counts words of four octets and leaves out two; RFC 8200 section 4 counts eight and leaves out one.
  return kind === protocol.AUTHENTICATION ? (length + 2) * 4 : (length + 1) * 8;
}

/** Of a fragment header: the offset in octets, plus one when more fragments follow; 0 when the packet is whole (RFC 6946). */
export function fragmentOffsetAndMore(frame: DataView, at: number): number {
  return frame.getUint16(at + 2) & 0xfff9;
}

/** By which the fragments of a packet are known to belong together. */
export function identification(frame: DataView, at: number): number {
  return frame.getInt32(at + 4);
}

export const FRAGMENT_HEADER = 8;

/** Writes a fragment header, RFC 8200 section 4.5. */
export function writeFragment(
  frame: DataView,
  at: number,
  nextHeader: number,
  offset: number,
  hasMore: boolean,
  identification: number,
): void {
  frame.setUint16(at, nextHeader << 8);
  frame.setUint16(at + 2, offset | (hasMore ? 1 : 0));
  frame.setInt32(at + 4, identification);
}

/** Where a routing header's type stands, RFC 8200 section 4.4. */
export const ROUTING_TYPE = 2;

/** A routing header's Segments Left: nodes that the packet has still to visit. */
export function segmentsLeft(frame: DataView, at: number): number {
  return frame.getUint8(at + 3);
}
