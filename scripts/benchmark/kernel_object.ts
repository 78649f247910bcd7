/** A program for the kernel that clang makes of a C file: from its ELF object to instructions that the kernel loads. */

import { readFileSync } from "node:fs";
import { machine } from "node:os";
import { runChecked } from "../../src/system/programs.ts";

/** A map that the C file names; `isValue`: the name stands for the value of key 0. */
export interface NamedMap {
  readonly descriptor: number;
  readonly isValue: boolean;
}

/** Compiles `file` to `object`, with these names defined. */
export async function compileForKernel(
  file: string,
  object: string,
  names: Readonly<Record<string, number | bigint>>,
): Promise<void> {
  const defined = Object.entries(names).map(([name, value]) =>
    `-D${name}=${value}${typeof value === "bigint" ? "ull" : ""}`
  );
  const kernel = ["-O2", "-fno-strict-aliasing", "-target", "bpf", "-mcpu=v3"];
  await runChecked([
    "clang",
    ...kernel,
    `-I/usr/include/${machine()}-linux-gnu`,
    ...defined,
    "-c",
    file,
    "-o",
    object,
  ]);
}

// ELF-64, little-endian (elf.h): where the fields stand that are needed here.
const SECTIONS_AT = 0x28;
const SECTION_COUNT = 0x3c;
const NAMES_INDEX = 0x3e;
const SECTION = 64;
const SYMBOL = 24;
const RELOCATION = 16;
const SYMBOLS = 2;
const RELOCATIONS = 9;
/** Of a constant of 64 bits, BPF_PSEUDO_MAP_FD and BPF_PSEUDO_MAP_VALUE (linux/bpf.h). */
const MAP = 1;
const MAP_VALUE = 2;

/** The instructions of a section, in which names of maps have become maps. Throws when it names something else. */
export function link(
  object: string,
  section: string,
  maps: Readonly<Record<string, NamedMap>>,
): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(readFileSync(object));
  const view = new DataView(octets.buffer);
  const textAt = (at: number) => new TextDecoder().decode(octets.subarray(at, octets.indexOf(0, at)));
  const sections = Array.from({ length: view.getUint16(SECTION_COUNT, true) }, (_, index) => {
    const at = Number(view.getBigUint64(SECTIONS_AT, true)) + index * SECTION;
    const long = (offset: number) => Number(view.getBigUint64(at + offset, true));
    const word = (offset: number) => view.getUint32(at + offset, true);
    return { name: word(0), type: word(4), at: long(24), size: long(32), link: word(40), info: word(44) };
  });
  const namesAt = sections[view.getUint16(NAMES_INDEX, true)]!.at;
  const index = sections.findIndex(({ name }) => textAt(namesAt + name) === section);
  const { at, size } = sections[index]!;
  const program = octets.slice(at, at + size);
  const out = new DataView(program.buffer);
  const symbols = sections.find(({ type }) => type === SYMBOLS)!;
  const relocations = sections.find(({ type, info }) => type === RELOCATIONS && info === index)!;
  for (let from = relocations.at; from < relocations.at + relocations.size; from += RELOCATION) {
    const instruction = Number(view.getBigUint64(from, true));
    const symbol = symbols.at + view.getUint32(from + 12, true) * SYMBOL;
    const name = textAt(sections[symbols.link]!.at + view.getUint32(symbol, true));
    const map = maps[name];
    if (map === undefined) throw new Error(`${object} names ${name}, which is no map`);
    const kind = map.isValue ? MAP_VALUE : MAP;
    out.setUint8(instruction + 1, out.getUint8(instruction + 1) & 0x0f | kind << 4);
    const offset = out.getUint32(instruction + 4, true);
    out.setUint32(instruction + 4, map.descriptor, true);
    out.setUint32(instruction + 12, offset, true);
  }
  return program;
}
