/**
 * From instructions to what the kernel loads, and to text. An instruction is a struct bpf_insn, little-endian:
 *
 *      0      1           2        4          8
 *     +------+-----------+--------+----------+
 *     | code | src | dst | offset |   imm    |    offset of a jump: how many instructions to leap over
 *     +------+-----------+--------+----------+
 *
 * A constant of 64 bits takes two, of which the second has its upper half and no code.
 */

import type { Item, MapReference } from "./instructions.ts";

/** Octets of an instruction. */
export const INSTRUCTION = 8;

/** Throws when a label is missing or there twice, a map has no descriptor, or a number is too large: mistakes in the program. */
export function assemble(
  items: readonly Item[],
  descriptors: Readonly<Record<string, number>> = {},
): Uint8Array<ArrayBuffer> {
  const places = placesIn(items);
  const octets = new Uint8Array(new ArrayBuffer(lengthOf(items) * INSTRUCTION));
  const view = new DataView(octets.buffer);
  let place = 0;
  for (const item of items) {
    if (!("code" in item)) continue;
    const at = place * INSTRUCTION;
    place += slotsOf(item);
    view.setUint8(at, item.code);
    view.setUint8(at + 1, item.src << 4 | item.dst);
    const offset = typeof item.offset === "number" ? item.offset : leap(places, item.offset, place);
    const [low, high] = wordsOf(item.imm, descriptors);
    if (offset !== offset << 16 >> 16 || (typeof item.imm === "number" && low !== (low | 0))) {
      throw new Error(`Does not fit into an instruction: ${item.text}`);
    }
    view.setInt16(at + 2, offset, true);
    view.setInt32(at + 4, low, true);
    if (slotsOf(item) === 2) view.setInt32(at + INSTRUCTION + 4, high, true);
  }
  return octets;
}

/** A line for each instruction, with its number in the program; labels and remarks stand in lines of their own. */
export function listing(items: readonly Item[]): string[] {
  let place = 0;
  return items.map((item) => {
    if ("remark" in item) return `\n; ${item.remark}`;
    if ("label" in item) return `${item.label}:`;
    const line = `${String(place).padStart(6)}  ${item.text}`;
    place += slotsOf(item);
    return line;
  });
}

/** How many instructions the kernel counts. */
export function lengthOf(items: readonly Item[]): number {
  return items.reduce((sum, item) => sum + slotsOf(item), 0);
}

function slotsOf(item: Item): number {
  return "code" in item ? typeof item.imm === "number" ? 1 : 2 : 0;
}

function placesIn(items: readonly Item[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  let place = 0;
  for (const item of items) {
    if ("label" in item) {
      if (places.has(item.label)) throw new Error(`Label "${item.label}" is there twice`);
      places.set(item.label, place);
    }
    place += slotsOf(item);
  }
  return places;
}

function leap(places: ReadonlyMap<string, number>, to: string, next: number): number {
  const place = places.get(to);
  if (place === undefined) throw new Error(`There is no label "${to}"`);
  return place - next;
}

function wordsOf(
  imm: number | bigint | MapReference,
  descriptors: Readonly<Record<string, number>>,
): [low: number, high: number] {
  if (typeof imm === "number") return [imm, 0];
  if (typeof imm === "bigint") return [Number(BigInt.asIntN(32, imm)), Number(BigInt.asIntN(32, imm >> 32n))];
  const descriptor = descriptors[imm.map];
  if (descriptor === undefined) throw new Error(`There is no map "${imm.map}"`);
  return [descriptor, imm.at ?? 0];
}
