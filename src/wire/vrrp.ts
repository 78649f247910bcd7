/**
 * The advertisement of VRRP version 3, RFC 9568 section 5.2, by which the active router of some that share addresses says that it is.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-------+-------+---------------+---------------+---------------+
 *   0 |Version| Type  | Virtual Rtr ID|   Priority    |  Count Addrs  |
 *     +-------+-------+---------------+---------------+---------------+
 *   4 |Reserve|  Interval, 12 bits    |           Checksum            |
 *     +-------+-----------------------+-------------------------------+
 *   8 |           Addresses, as many as Count says, 4 or 16 octets    |
 *
 * The interval is in hundredths of a second. Contract: when `isValid` holds, no function here reads or writes outside the message.
 */

import type { Mac } from "./address.ts";
import * as checksum from "./checksum.ts";
import * as ipv4 from "./ipv4.ts";
import * as ipv6 from "./ipv6.ts";
import * as protocol from "./protocol.ts";

export const HEADER = 8;
/** So that whoever hears it knows that it has crossed no router: sections 5.1.1.3 and 5.1.2.3. */
export const HOP_LIMIT = 255;

/** To all VRRP routers of the link: 224.0.0.18, section 5.1.1.2, and ff02::12, section 5.1.2.2. */
export const GROUP4 = "224.0.0.18";
export const GROUP6 = "ff02::12";
export const GROUP4_WORD = 0xe0000012 | 0;
export const GROUP4_MAC: Mac = { high: 0x0100, low: 0x5e000012 };
export const GROUP6_MAC: Mac = { high: 0x3333, low: 0x00000012 };

/** Priority 0: the active one stops. */
export const STOPS = 0;
/** The longest interval, in milliseconds. */
export const MOST_INTERVAL_MS = 40_950;

const VERSION_TYPE = 0;
const ID = 1;
const PRIORITY = 2;
const COUNT = 3;
const INTERVAL = 4;
const CHECKSUM = 6;

/** Version 3, type ADVERTISEMENT, which is the only one. */
const ADVERTISEMENT = 0x31;
const HUNDREDTHS = 0x0fff;
const MS = 10;

/** The MAC of a virtual router, section 7.3: 00:00:5e:00:01:ID, and 00:00:5e:00:02:ID in IPv6. */
export function macOf(id: number, isIpv6: boolean): Mac {
  return { high: 0, low: (isIpv6 ? 0x5e000200 : 0x5e000100) | id };
}

/**
 * Section 7.1: version and type; all of it is there; at least one address (erratum 8299), and an interval (erratum 8301). `length`
 * octets from `at` on are the message's. The checksum is a question of its own.
 */
export function isValid(frame: DataView, at: number, length: number, isIpv6: boolean): boolean {
  return length >= HEADER && frame.getUint8(at + VERSION_TYPE) === ADVERTISEMENT && count(frame, at) > 0 &&
    lengthOf(count(frame, at), isIpv6) <= length && intervalMs(frame, at) > 0;
}

export function lengthOf(count: number, isIpv6: boolean): number {
  return HEADER + count * (isIpv6 ? 16 : 4);
}

export function id(frame: DataView, at: number): number {
  return frame.getUint8(at + ID);
}

export function priority(frame: DataView, at: number): number {
  return frame.getUint8(at + PRIORITY);
}

export function count(frame: DataView, at: number): number {
  return frame.getUint8(at + COUNT);
}

/** The four bits before it are reserved, and not looked at: section 5.2.6. */
export function intervalMs(frame: DataView, at: number): number {
  return (frame.getUint16(at + INTERVAL) & HUNDREDTHS) * MS;
}

/**
 * Of a valid message in the packet at `ip`. In IPv4 RFC 9568 section 5.2.8 sums up the message alone, and RFC 5798 a pseudo-header
 * too, as most routers do: either is right.
 */
export function isChecksumRight(frame: DataView, ip: number, at: number, isIpv6: boolean): boolean {
  const length = lengthOf(count(frame, at), isIpv6);
  const withPseudoHeader = checksum.sum(frame, at, length, pseudoHeaderSum(frame, ip, length, isIpv6));
  return withPseudoHeader === 0xffff || (!isIpv6 && checksum.sum(frame, at, length) === 0xffff);
}

/** Writes all but the addresses, and, when these are there, the checksum. The interval is rounded to hundredths of a second. */
export function write(
  frame: DataView,
  at: number,
  id: number,
  priority: number,
  count: number,
  intervalMs: number,
): void {
  frame.setUint8(at + VERSION_TYPE, ADVERTISEMENT);
  frame.setUint8(at + ID, id);
  frame.setUint8(at + PRIORITY, priority);
  frame.setUint8(at + COUNT, count);
  frame.setUint16(at + INTERVAL, Math.round(intervalMs / MS) & HUNDREDTHS);
  frame.setUint16(at + CHECKSUM, 0);
}

/** Writes the checksum of a message whose addresses are there. In IPv4 it is with a pseudo-header or without. */
export function setChecksum(
  frame: DataView,
  ip: number,
  at: number,
  isIpv6: boolean,
  withPseudoHeader: boolean,
): void {
  const length = lengthOf(count(frame, at), isIpv6);
  const initial = isIpv6 || withPseudoHeader ? pseudoHeaderSum(frame, ip, length, isIpv6) : 0;
  frame.setUint16(at + CHECKSUM, 0);
  frame.setUint16(at + CHECKSUM, ~checksum.sum(frame, at, length, initial));
}

function pseudoHeaderSum(frame: DataView, ip: number, length: number, isIpv6: boolean): number {
  return isIpv6
    ? ipv6.pseudoHeaderSum(frame, ip, length, protocol.VRRP)
    : ipv4.pseudoHeaderSum(frame, ip, length, protocol.VRRP);
}
