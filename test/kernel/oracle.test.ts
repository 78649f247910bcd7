import { expect, test } from "vitest";
import { REASONS } from "../../src/kernel/program/passed_up.ts";
import { localAddresses, WAYS } from "../../src/kernel/program/local_addresses.ts";
import { needsRoot } from "../needs.ts";
import { RUNTIME } from "../runtime.ts";
import { compare, FRAMES } from "./oracle.ts";
import { SCENES } from "./scenes.ts";

test("in one of the scenes, homes of addresses are full", () => {
  const { ipv4, ipv6 } = localAddresses(SCENES["many"]!().plan);
  for (const { addresses } of [ipv4, ipv6]) {
    expect(addresses.filter((home) => home.length === WAYS).length).toBeGreaterThan(20);
  }
});

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
