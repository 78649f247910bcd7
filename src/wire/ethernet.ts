/**
 * Ethernet II header, IEEE 802.3 clause 3.2.
 *
 *      0              6             12      14
 *     +--------------+--------------+-------+---------
 *     | destination  | source       | type  | payload
 *     +--------------+--------------+-------+---------
 *
 * Contract: after `length >= HEADER` no function here reads or writes outside the frame.
 */

export const HEADER = 14;

/**
 * What IEEE 802.1Q puts in before the type: 0x8100, then 16 bits of control information, which are priority (3 bits), DEI (1)
 * and VLAN identifier (12). With the identifier NO_VLAN it is a priority tag: the frame counts as untagged.
 */
export const TAG = 4;
export const NO_VLAN = 0;
export const TAGGED_HEADER = HEADER + TAG;

export const TYPE_IPV4 = 0x0800;
export const TYPE_ARP = 0x0806;
export const TYPE_IPV6 = 0x86dd;
export const TYPE_VLAN = 0x8100;
export const TYPE_QINQ = 0x88a8;

const DST = 0;
const SRC = 6;
const TYPE = 12;

export function type(frame: DataView, at: number): number {
  return frame.getUint16(at + TYPE);
}

export function setType(frame: DataView, at: number, type: number): void {
  frame.setUint16(at + TYPE, type);
}

export function dstHigh(frame: DataView, at: number): number {
  return frame.getUint16(at + DST);
}

export function dstLow(frame: DataView, at: number): number {
  return frame.getInt32(at + DST + 2);
}

export function srcHigh(frame: DataView, at: number): number {
  return frame.getUint16(at + SRC);
}

export function srcLow(frame: DataView, at: number): number {
  return frame.getInt32(at + SRC + 2);
}

export function setDst(frame: DataView, at: number, high: number, low: number): void {
  frame.setUint16(at + DST, high);
  frame.setInt32(at + DST + 2, low);
}

export function setSrc(frame: DataView, at: number, high: number, low: number): void {
  frame.setUint16(at + SRC, high);
  frame.setInt32(at + SRC + 2, low);
}

/** ff:ff:ff:ff:ff:ff */
export function isBroadcast(high: number, low: number): boolean {
  return high === 0xffff && low === -1;
}

/** Broadcast or multicast: the I/G bit, the lowest of the first octet. */
export function isGroup(high: number): boolean {
  return (high & 0x0100) !== 0;
}

/** The control information of a tagged frame's tag. */
export function tag(frame: DataView, at: number): number {
  return frame.getUint16(at + HEADER);
}

/** The VLAN identifier in it. */
export function vlanOf(tag: number): number {
  return tag & 0x0fff;
}

/** The MAC of one machine: neither a group's, nor all zero, which nobody has. */
export function isMachine(high: number, low: number): boolean {
  return !isGroup(high) && (high !== 0 || low !== 0);
}

/** Moves both MACs to where the frame begins without its tag: TAG octets later. */
export function removeTag(frame: DataView, at: number): void {
  frame.setInt32(at + 12, frame.getInt32(at + 8));
  frame.setInt32(at + 8, frame.getInt32(at + 4));
  frame.setInt32(at + 4, frame.getInt32(at));
}

/** The way back: the frame that began TAG octets later begins at `at` again, with a tag. */
export function insertTag(frame: DataView, at: number, tag: number): void {
  frame.setInt32(at, frame.getInt32(at + 4));
  frame.setInt32(at + 4, frame.getInt32(at + 8));
  frame.setInt32(at + 8, frame.getInt32(at + 12));
  frame.setUint16(at + 12, TYPE_VLAN);
  frame.setUint16(at + 14, tag);
}
