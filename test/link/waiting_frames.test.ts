import { expect, test } from "vitest";
import { WaitingFrames } from "../../src/link/waiting_frames.ts";

const frame = (octets: number) => ({ worker: 0, frame: new Uint8Array(octets) });

test("64 frames are kept for a neighbor, and the oldest makes room", () => {
  const waiting = new WaitingFrames();
  const frames = Array.from({ length: 65 }, () => frame(60));
  expect(frames.map((frame) => waiting.keep(1, frame))).toEqual([...new Array(64).fill(0), 1]);
  expect(waiting.take(1)).toEqual(frames.slice(1));
  expect(waiting.take(1)).toEqual([]);
});

test("for 1,000 neighbors together no more than 8 MB are kept, and what is taken makes room", () => {
  const waiting = new WaitingFrames();
  let kept = 0;
  const large = frame(65_536);
  for (let neighbor = 0; neighbor < 1000; neighbor++) {
    for (let count = 0; count < 64; count++) kept += 1 - waiting.keep(neighbor, large);
  }
  expect(kept).toBe(8 * 2 ** 20 / 65_536);
  expect(waiting.keep(2000, frame(60))).toBe(1);
  const taken = waiting.take(0).length;
  expect(taken).toBe(64);
  expect(waiting.keep(2000, frame(60))).toBe(0);
});
