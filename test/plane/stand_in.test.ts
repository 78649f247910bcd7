/** What a worker says while main is late, and when it says nothing. */

import { beforeEach, expect, test } from "vitest";
import type { Device } from "../../src/device/device.ts";
import { DataPlane } from "../../src/plane/data_plane.ts";
import { SharedState } from "../../src/plane/shared_state.ts";
import { NOTHING } from "../../src/plane/stand_in.ts";
import * as f from "../frames.ts";
import { PLAN } from "../path/arrange.ts";

const FRAMES = [f.vrrp(), f.vrrp6()];
const [INTERVAL, SILENCE] = [50, 180];

let nowMs = 0;
let shared: SharedState;
let plane: DataPlane;
let sent: [ms: number, frame: string][];

beforeEach(async () => {
  // The numbers wrap in the middle.
  nowMs = 2 ** 31 - 100;
  sent = [];
  const device: Device = {
    read: () => 0,
    write: (slot, length) => sent.push([nowMs, f.hex(slot.subarray(0, length))]) > 0,
  };
  shared = new SharedState({ clusters: 1, buckets: 4, neighbors: 4, slotSize: 2048 });
  await shared.standby();
  plane = new DataPlane(PLAN, device, shared.workers[0]!, () => nowMs);
});

const say = (isIpv6 = false) =>
  shared.standIn.said(isIpv6, FRAMES[Number(isIpv6)]!, nowMs | 0, INTERVAL, SILENCE);

/** The worker comes by when it has to, for so long. When it has spoken, in milliseconds from now. */
function comeBy(ms: number): number[] {
  const beganMs = nowMs;
  const before = sent.length;
  for (
    let waitMs = plane.standIn();
    waitMs !== NOTHING && nowMs - beganMs + waitMs <= ms;
    waitMs = plane.standIn()
  ) {
    nowMs += Math.max(1, waitMs);
  }
  nowMs = beganMs + ms;
  return sent.slice(before).map(([at]) => at - beganMs);
}

test("without a pair, or as a backup, there is nothing to say", () => {
  expect(plane.standIn()).toBe(NOTHING);
  say();
  shared.standIn.silence(false);
  expect(comeBy(1000)).toEqual([]);
});

test("while main says it in time, the worker says nothing", () => {
  for (let count = 0; count < 20; count++) {
    say();
    expect(comeBy(INTERVAL)).toEqual([]);
  }
});

test("while main is late, the worker says the same, at its interval, in both families; for three seconds", () => {
  say();
  say(true);
  const told = comeBy(10_000);
  const each = Array.from({ length: 59 }, (_, count) => 60 + count * INTERVAL);
  expect(told).toEqual(each.flatMap((ms) => [ms, ms]));
  expect(sent.slice(0, 2).map(([, frame]) => frame)).toEqual(FRAMES.map(f.hex));
  expect(plane.standIn()).toBe(NOTHING);
});

test("who stood still for as long as the other one waits says nothing more", () => {
  say();
  nowMs += SILENCE;
  expect(comeBy(1000)).toEqual([]);
  say();
  nowMs += SILENCE - 1;
  expect(comeBy(100)).toEqual([0, 50, 100]);
});

test("main knows when it was said last", () => {
  say();
  const beganMs = nowMs;
  comeBy(115);
  expect(nowMs - beganMs - shared.standIn.silentMs(false, nowMs | 0)).toBe(110);
  expect(shared.standIn.silentMs(true, nowMs | 0)).toBe(Infinity);
});
