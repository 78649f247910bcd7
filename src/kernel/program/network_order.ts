/** Constants as a little-endian machine loads them from a packet, which is in network order. Int32, as instructions have them. */

import type { Mac } from "../../wire/address.ts";

export function network16(value: number): number {
  return (value & 0xff) << 8 | value >>> 8;
}

export function network32(value: number): number {
  return network16(value & 0xffff) << 16 | network16(value >>> 16);
}

/** The first two octets of a MAC, and the other four. */
export function macHalf({ high }: Mac): number {
  return network16(high);
}

export function macWord({ low }: Mac): number {
  return network32(low);
}
