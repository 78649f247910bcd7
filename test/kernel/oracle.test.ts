import { expect, test } from "vitest";
import { REASONS } from "../../src/kernel/program/passed_up.ts";
import { needsRoot } from "../needs.ts";
import { RUNTIME } from "../runtime.ts";
import { compare, FRAMES } from "./oracle.ts";

test.skipIf(needsRoot())(`${FRAMES} frames: the kernel does what the path does, or leaves them to it`, () => {
  // Each runtime compares frames of its own.
  const { frames, dispatched, left, passedUp } = compare(
    FRAMES,
    RUNTIME === "deno" ? 20_261_130 : 20_261_131,
  );
  expect(frames).toBe(FRAMES);
  // It is the kernel that does the work: most of what the path would dispatch, and a good share of all.
  expect(dispatched / frames).toBeGreaterThan(0.2);
  expect(dispatched / (dispatched + left)).toBeGreaterThan(0.75);
  const seldom = REASONS.filter((reason, index) => reason !== "capture" && passedUp[index]! < FRAMES / 500);
  expect(seldom).toEqual([]);
});
