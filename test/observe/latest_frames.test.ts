/** The frames that are kept: as many as there is room for, and the numbers go on. */

import { expect, test } from "vitest";
import { LatestFrames } from "../../src/observe/latest_frames.ts";

function frame(nanoseconds: number) {
  return {
    nanoseconds: BigInt(nanoseconds),
    interface: 0,
    isOutgoing: false,
    octets: new Uint8Array(100),
    lengthOnWire: 100,
  };
}

const timesOf = (frames: LatestFrames, since: number) =>
  frames.since(since).map(({ nanoseconds }) => Number(nanoseconds));

test("beyond the room that there is the oldest go, and their numbers are not given again", () => {
  const frames = new LatestFrames(10 * 300);
  for (let time = 0; time < 9; time++) frames.add(frame(time));
  expect([frames.first, frames.next]).toEqual([0, 9]);
  for (let time = 9; time < 1000; time++) {
    frames.add(frame(time));
    expect(frames.next).toBe(time + 1);
    expect(frames.next - frames.first).toBe(10);
  }
  expect(timesOf(frames, 0)).toEqual([990, 991, 992, 993, 994, 995, 996, 997, 998, 999]);
  expect(timesOf(frames, 998)).toEqual([998, 999]);
  expect(timesOf(frames, 1000)).toEqual([]);
});

test("they are told in the order of their time, in whatever order interfaces were read", () => {
  const frames = new LatestFrames();
  for (const time of [3, 1, 2]) frames.add(frame(time));
  expect(timesOf(frames, 0)).toEqual([1, 2, 3]);
});
