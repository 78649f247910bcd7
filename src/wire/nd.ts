/**
 * Neighbor discovery, RFC 4861 sections 4.3, 4.4 and 4.6.1: ICMPv6 messages with a target and options.
 *
 *     +---------------------------------------------------------------+
 *   0 |     Type      |     Code      |           Checksum            |
 *     +-+-+-+---------------------------------------------------------+
 *   4 |R|S|O|        Reserved         (flags in an advertisement only)|
 *     +-+-+-+---------------------------------------------------------+
 *   8 |                   Target Address (16 octets)                  |
 *     +---------------+---------------+-------------------------------+
 *  24 |    Type 1, 2  | Length 1 (x8) |    link-layer address (6)     |
 *     +---------------+---------------+-------------------------------+
 *
 * Contract: when `isValid` holds, no function here reads or writes outside the message.
 */

import * as icmpv6 from "./icmpv6.ts";
import * as ipv6 from "./ipv6.ts";

export const HEADER = 24;
/** With one link-layer address option. */
export const LENGTH = 32;

export const TARGET = 8;
const FLAGS = 4;
const OPTIONS = 24;

/** Flags of an advertisement, as the word at 4. */
export const ROUTER = 0x80000000 | 0;
export const SOLICITED = 0x40000000;
export const OVERRIDE = 0x20000000;

/** Option types. */
export const SOURCE_LINK_LAYER = 1;
export const TARGET_LINK_LAYER = 2;

const HOP_LIMIT = 255;

/** The most options that are looked at. */
const MOST_OPTIONS = 8;

/**
 * RFC 4861 sections 7.1.1 and 7.1.2: hop limit 255, so that no router was in between; code 0; checksum; target no group; no
 * option of length 0. `length` octets from `at` on are the message's, in the packet at `ip`.
 */
export function isValid(frame: DataView, ip: number, at: number, length: number): boolean {
  return length >= HEADER && ipv6.hopLimit(frame, ip) === HOP_LIMIT && icmpv6.code(frame, at) === 0 &&
    !ipv6.isMulticast(frame, at + TARGET) && icmpv6.isChecksumRight(frame, ip, at, length) &&
    optionAt(frame, at, length, 0) !== BROKEN;
}

export function isSolicited(frame: DataView, at: number): boolean {
  return (frame.getInt32(at + FLAGS) & SOLICITED) !== 0;
}

export function isOverriding(frame: DataView, at: number): boolean {
  return (frame.getInt32(at + FLAGS) & OVERRIDE) !== 0;
}

/** The options are malformed: one has no length, or more than there is, or there are too many. */
const BROKEN = -1;

/**
 * The offset of the link-layer address in the first option of this type; 0 when there is none; BROKEN, which a valid message
 * never is, when the options up to there are malformed.
 */
export function optionAt(frame: DataView, at: number, length: number, type: number): number {
  let option = at + OPTIONS;
  const end = at + length;
  for (let count = 0; option < end; count++) {
    if (option + 8 > end || count === MOST_OPTIONS) return BROKEN;
    const size = frame.getUint8(option + 1) * 8;
    if (size === 0 || option + size > end) return BROKEN;
    if (frame.getUint8(option) === type) return option + 2;
    option += size;
  }
  return 0;
}

/** Writes the link-layer address option behind the target. */
export function writeOption(
  frame: DataView,
  at: number,
  type: number,
  macHigh: number,
  macLow: number,
): void {
  frame.setUint8(at + OPTIONS, type);
  frame.setUint8(at + OPTIONS + 1, 1);
  frame.setUint16(at + OPTIONS + 2, macHigh);
  frame.setInt32(at + OPTIONS + 4, macLow);
}

/** The lowest 24 bits of an address, which name its solicited-node group ff02::1:ffXX:XXXX, and the group's MAC 33:33:ff:XX:XX:XX. */
export function solicitedNodeMacLow(lastWord: number): number {
  return 0xff000000 | (lastWord & 0x00ffffff);
}

/** The upper half of the MAC of any IPv6 group: 33:33, RFC 2464 section 7. */
export const GROUP_MAC_HIGH = 0x3333;

/** ff02::1, all nodes. */
export const ALL_NODES_MAC_LOW = 1;
