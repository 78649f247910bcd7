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

export const TYPE_IPV4 = 0x0800;
export const TYPE_ARP = 0x0806;
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
