/**
 * ARP for IPv4 over Ethernet, RFC 826.
 *
 *      0       2       4   5   6           8
 *     +-------+-------+---+---+-----------+
 *     | htype | ptype | 6 | 4 | operation |
 *     +-------+-------+---+---+-----------+--------------+
 *   8 | sender MAC (6 octets)             | sender IP    | 18
 *     +-----------------------------------+--------------+
 *  18 | target MAC (6 octets)             | target IP    | 28
 *     +-----------------------------------+--------------+
 *
 * Contract: when `isValid` holds, no function here reads or writes outside the packet.
 */

export const LENGTH = 28;

export const REQUEST = 1;
export const REPLY = 2;

const HTYPE = 0;
const PTYPE = 2;
const LENGTHS = 4;
const OPERATION = 6;
const SENDER_MAC = 8;
export const SENDER_IP = 14;
const TARGET_MAC = 18;
export const TARGET_IP = 24;

const HTYPE_ETHERNET = 1;
const PTYPE_IPV4 = 0x0800;
const LENGTHS_6_4 = 0x0604;

export function isValid(frame: DataView, at: number, length: number): boolean {
  return length >= LENGTH &&
    frame.getUint16(at + HTYPE) === HTYPE_ETHERNET &&
    frame.getUint16(at + PTYPE) === PTYPE_IPV4 &&
    frame.getUint16(at + LENGTHS) === LENGTHS_6_4;
}

export function operation(frame: DataView, at: number): number {
  return frame.getUint16(at + OPERATION);
}

export function senderMacHigh(frame: DataView, at: number): number {
  return frame.getUint16(at + SENDER_MAC);
}

export function senderMacLow(frame: DataView, at: number): number {
  return frame.getInt32(at + SENDER_MAC + 2);
}

export function senderIp(frame: DataView, at: number): number {
  return frame.getInt32(at + SENDER_IP);
}

/** Is the target's MAC the sender's? */
export function isOfOneMac(frame: DataView, at: number): boolean {
  return frame.getUint16(at + SENDER_MAC) === frame.getUint16(at + TARGET_MAC) &&
    frame.getInt32(at + SENDER_MAC + 2) === frame.getInt32(at + TARGET_MAC + 2);
}

export function targetIp(frame: DataView, at: number): number {
  return frame.getInt32(at + TARGET_IP);
}

/** Writes what comes before the addresses. */
export function write(frame: DataView, at: number, operation: number): void {
  frame.setUint16(at + HTYPE, HTYPE_ETHERNET);
  frame.setUint16(at + PTYPE, PTYPE_IPV4);
  frame.setUint16(at + LENGTHS, LENGTHS_6_4);
  frame.setUint16(at + OPERATION, operation);
}

export function setSender(frame: DataView, at: number, macHigh: number, macLow: number, ip: number): void {
  frame.setUint16(at + SENDER_MAC, macHigh);
  frame.setInt32(at + SENDER_MAC + 2, macLow);
  frame.setInt32(at + SENDER_IP, ip);
}

export function setTarget(frame: DataView, at: number, macHigh: number, macLow: number, ip: number): void {
  frame.setUint16(at + TARGET_MAC, macHigh);
  frame.setInt32(at + TARGET_MAC + 2, macLow);
  frame.setInt32(at + TARGET_IP, ip);
}
