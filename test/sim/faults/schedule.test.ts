import { expect, test } from "vitest";
import { MINUTE_US, scheduled, scheduleFrom } from "../../../src/sim/faults/schedule.ts";
import { SHAPES, sketchFrom } from "../../../src/sim/faults/sketch.ts";
import { trialFrom } from "../../../src/sim/faults/trial.ts";

const SEEDS = Array.from({ length: 60 }, (_, seed) => seed);
const [UNTIL_US, LAST_FAULT_US] = [10 * MINUTE_US, 9 * MINUTE_US];

test("the same seed draws the same", () => {
  expect(trialFrom(7)).toEqual(trialFrom(7));
  expect(trialFrom(7)).not.toEqual(trialFrom(8));
});

test("all shapes of clusters and all kinds of faults come up, each fault ends, and the last one ends in time", () => {
  const done = new Set<string>();
  const shapes = new Set<string>();
  const late: number[] = [];
  for (const seed of SEEDS) {
    const sketch = sketchFrom(seed);
    shapes.add(sketch.shape);
    const happenings = scheduleFrom(seed, sketch, UNTIL_US, LAST_FAULT_US);
    for (const { action } of scheduled(happenings)) done.add(action.do);
    for (const { what, steps } of happenings) {
      const times = steps.map(({ atUs }) => atUs);
      const mostUs = what === "fault" ? LAST_FAULT_US : UNTIL_US;
      late.push(...times.filter((atUs, index) => atUs > mostUs || atUs < (times[index - 1] ?? 0)));
    }
  }
  expect(late).toEqual([]);
  expect([...shapes].sort()).toEqual([...SHAPES].sort());
  expect([...done].sort()).toEqual([
    "clock",
    "close",
    "connect",
    "cut",
    "down",
    "drain",
    "etcd",
    "freeze",
    "freeze-agent",
    "heal",
    "kill",
    "kill-agent",
    "link",
    "rate",
    "reload",
    "restart",
    "restore",
    "send",
    "server",
    "slow",
    "start-agent",
    "stop-agent",
    "technique",
    "thaw",
    "thaw-agent",
    "undrain",
    "upgrade",
    "weight",
  ]);
});

test("a trial that is too short for a fault is none", () => {
  expect(() => trialFrom(1, 30_000_000)).toThrow(RangeError);
});
