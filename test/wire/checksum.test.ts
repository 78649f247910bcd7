import { expect, test } from "vitest";
import * as checksum from "../../src/wire/checksum.ts";
import * as oracle from "../frames.ts";
import { Random } from "../random.ts";

function view(octets: readonly number[]): DataView {
  return new DataView(Uint8Array.from(octets).buffer);
}

test("sum() is the complement of the plain RFC 1071 checksum, at odd lengths too", () => {
  const random = new Random(1);
  for (let length = 0; length < 200; length++) {
    const octets = random.octets(length);
    expect(checksum.sum(view(octets), 0, length)).toBe(0xffff - oracle.checksum(octets));
  }
});

test("sum() is exact for 64 KiB of the largest octets", () => {
  const octets = new Array<number>(65_536).fill(255);
  expect(checksum.sum(view(octets), 0, octets.length)).toBe(0xffff);
});

test("update() agrees with summing anew", () => {
  const random = new Random(2);
  for (let round = 0; round < 2000; round++) {
    const words = [random.below(0x10000), random.below(0x10000), random.below(0x10000)];
    const becomes = random.below(0x10000);
    const octets = words.flatMap(oracle.u16);
    const after = [becomes, ...words.slice(1)].flatMap(oracle.u16);
    expect(checksum.update(oracle.checksum(octets), words[0]!, becomes)).toBe(oracle.checksum(after));
  }
});
