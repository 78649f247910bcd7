import { beforeEach, expect, test } from "vitest";
import { Hearing } from "../../src/link/hearing.ts";
import type { Clock } from "../../src/system/clock.ts";

let nowMs: number;
let lost: number;
let hearing: Hearing;

const clock: Clock = {
  now: () => nowMs,
  sinceEpoch: () => nowMs,
  after: () => ({ cancel() {} }),
};

beforeEach(() => {
  nowMs = 1000;
  lost = 7;
  hearing = new Hearing(clock, () => lost);
});

test("nothing lost and in time: never deaf, whatever was lost before we listened", () => {
  expect(hearing.deafMs()).toBe(-Infinity);
  hearing.expect(50);
  nowMs += 60;
  expect(hearing.deafMs()).toBe(-Infinity);
});

test("deaf when another frame has been lost, and that is remembered", () => {
  lost++;
  expect(hearing.deafMs()).toBe(1000);
  nowMs += 500;
  expect(hearing.deafMs()).toBe(1000);
});

test("deaf when we come much later than we meant to", () => {
  hearing.expect(50);
  nowMs += 700;
  expect(hearing.deafMs()).toBe(1700);
});
