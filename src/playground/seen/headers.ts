/** The headers that were found in a frame so far. Whoever reads a frame adds them one after the other; what is cut off has no header. */

import { ipOf } from "../../wire/address.ts";
import { decimal, type Field, type Format, type Header, type Layout, raw } from "./field.ts";

export class Headers {
  readonly all: Header[] = [];
  readonly #octets: Uint8Array;

  constructor(octets: Uint8Array) {
    this.#octets = octets;
  }

  ip(at: number, length: number): string {
    return ipOf(this.#octets.subarray(at, at + length));
  }

  fieldText(name: string): string {
    return this.all.at(-1)!.fields.find((field) => field.name === name)!.text;
  }

  /** Adds the header of `length` octets when all of it is there. */
  add(name: string, source: string, at: number, layout: Layout, length: number, end: number): boolean {
    if (at + length > end) return false;
    this.all.push({ name, source, at, length, fields: this.#fields(at, layout, length * 8) });
    return true;
  }

  /** Of a header that is cut off: the fields that are whole. */
  partly(name: string, source: string, at: number, layout: Layout, end: number): void {
    const fields = this.#fields(at, layout, (end - at) * 8);
    const endOf = (field: Field | undefined) => field === undefined ? 0 : field.bit + field.bits;
    // A field that ends within an octet has neighbors that are cut off.
    while (endOf(fields.at(-1)) % 8 !== 0) fields.pop();
    const length = endOf(fields.at(-1)) / 8;
    if (length > 0) this.all.push({ name: `${name}, its beginning`, source, at, length, fields });
    this.data(at + length, end);
  }

  data(at: number, end: number, name = "Data"): void {
    if (at >= end) return;
    this.all.push({
      name,
      source: "",
      at,
      length: end - at,
      fields: [{ name, bit: 0, bits: (end - at) * 8, text: raw(0, this.#octets.subarray(at, end)) }],
    });
  }

  #fields(at: number, layout: Layout, most: number): Field[] {
    const fields: Field[] = [];
    let bit = 0;
    for (const [name, bits, format = decimal] of layout) {
      if (bit + bits > most) break;
      fields.push({ name, bit, bits, text: this.#text(at, bit, bits, format) });
      bit += bits;
    }
    return fields;
  }

  #text(at: number, bit: number, bits: number, format: Format): string {
    const octets = this.#octets.subarray(at + (bit >>> 3), at + ((bit + bits + 7) >>> 3));
    if (bits > 32) return format(0, octets);
    const value = octets.reduce((sum, octet) => sum * 256 + octet, 0);
    const behind = octets.length * 8 - (bit & 7) - bits;
    return format(Math.floor(value / 2 ** behind) % 2 ** bits, octets);
  }
}
