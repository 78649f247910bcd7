import { expect, test } from "vitest";
import { DroppedRing, KEPT } from "../../src/plane/dropped_ring.ts";

const FRAME = Uint8Array.from({ length: 400 }, (_, index) => index);

function arrange(written = 0) {
  const memory = new SharedArrayBuffer(DroppedRing.byteLength());
  new Int32Array(memory, 0, 1)[0] = written;
  const [writer, reader] = [new DroppedRing(memory, 0), new DroppedRing(memory, 0)];
  const words = new Int32Array(FRAME.buffer);
  return { reader, push: (number: number, length = 60) => writer.push(number, number * 10, words, length) };
}

test("none, one, and then the last 1,000, the oldest first", () => {
  const { reader, push } = arrange();
  expect(reader.list()).toEqual([]);
  push(1);
  expect(reader.list()).toEqual([{ verdict: 1, timeMs: 10, length: 60, octets: FRAME.slice(0, 60) }]);
  for (let number = 2; number <= 5000; number++) push(number);
  const list = reader.list();
  expect([list.length, list[0]!.verdict, list.at(-1)!.verdict]).toEqual([KEPT, 4001, 5000]);
});

test("of a long frame the beginning is kept, and how long it was", () => {
  const { reader, push } = arrange();
  push(1, 400);
  push(2, 9);
  expect(reader.list().map(({ length, octets }) => [length, octets])).toEqual([
    [400, FRAME.slice(0, 160)],
    [9, FRAME.slice(0, 9)],
  ]);
});

test("the count may wrap", () => {
  const { reader, push } = arrange(0x7fffffff - 500);
  for (let number = 1; number <= 1200; number++) push(number);
  const list = reader.list();
  expect([list.length, list[0]!.verdict, list.at(-1)!.verdict]).toEqual([KEPT, 201, 1200]);
});
