/** A header as a list of fields: what one is, and how its value is written. */

import { formatMac, ipOf } from "../../wire/address.ts";

export interface Field {
  readonly name: string;
  /** Where it begins and how wide it is, in bits from the beginning of its header. */
  readonly bit: number;
  readonly bits: number;
  /** Its value, as people write it. */
  readonly text: string;
}

export interface Header {
  readonly name: string;
  /** Where it is written what it means. */
  readonly source: string;
  /** Octets from the beginning of the frame. */
  readonly at: number;
  readonly length: number;
  readonly fields: readonly Field[];
}

/** `10.0.0.1` of a number, `0x0800, IPv4` of another: what a field's value looks like. */
export type Format = (value: number, octets: Uint8Array) => string;
export type Layout = readonly (readonly [name: string, bits: number, format?: Format])[];

export const decimal: Format = (value) => String(value >>> 0);
export const hex = (digits: number): Format => (value) =>
  `0x${(value >>> 0).toString(16).padStart(digits, "0")}`;
export const flag: Format = (value) => value === 1 ? "1, set" : "0, not set";
export const mac: Format = (_, octets) =>
  formatMac((octets[0]! << 8) | octets[1]!, new DataView(octets.buffer, octets.byteOffset).getInt32(2));
export const ip: Format = (_, octets) => ipOf(octets);
export const raw: Format = (_, octets) => `${octets.length} ${octets.length === 1 ? "octet" : "octets"}`;

/** A number with its name behind it: `6, TCP`. */
export const named = (names: Readonly<Record<number, string>>, format = decimal): Format => (value, octets) =>
  names[value] === undefined ? format(value, octets) : `${format(value, octets)}, ${names[value]}`;

/** A header that is longer than its fields has something behind them. */
export function withRest(layout: Layout, name: string, length: number): Layout {
  const rest = length * 8 - layout.reduce((sum, [, bits]) => sum + bits, 0);
  return rest > 0 ? [...layout, [name, rest, raw]] : layout;
}
