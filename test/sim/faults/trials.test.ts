import { expect, test } from "vitest";
import type { Lane } from "../../../src/sim/net/lane.ts";
import { PROPERTIES, type Property } from "../../../src/sim/faults/finding.ts";
import { Frames, FramesMultiply, MOST_FRAMES } from "../../../src/sim/faults/frames.ts";
import { sceneOf, SHAPES, sketchFrom } from "../../../src/sim/faults/sketch.ts";
import { type Outcome, run, type Trial, trialFrom } from "../../../src/sim/faults/trial.ts";
import { inWords } from "../../../src/sim/faults/words.ts";

/** So that each has some faults, and time to recover from them. */
const LENGTH_US = 120_000_000;

/** The first seed of each shape, from this one on: scripts/simulate tries many more. */
const FIRST_SEED = 1;

function trialOf(shape: string): Trial {
  let seed = FIRST_SEED;
  while (sketchFrom(seed).shape !== shape) seed++;
  return trialFrom(seed, LENGTH_US);
}

function said(trial: Trial, { finding }: Outcome): string[] {
  return finding === undefined ? [] : inWords(trial, finding);
}

test.each(SHAPES)("with faults from a seed all holds that must: %s", async (shape) => {
  const trial = trialOf(shape);
  const outcome = await run(trial);
  expect(said(trial, outcome)).toEqual([]);
  expect(outcome.atUs).toBe(LENGTH_US);
  expect(outcome.connections.answered).toBeGreaterThan(10);
});

test("the same trial comes to the same end", async () => {
  const trial = trialOf("route");
  expect(await run(trial)).toEqual(await run(trial));
});

test("where frames multiply the trial ends, though time does not go on", () => {
  const found: Property[] = [];
  const lane = { from: { node: "web1" }, to: { node: "lan" } } as unknown as Lane;
  const frames = new Frames(sceneOf(sketchFrom(1)), () => 500, (property) => void found.push(property));
  const frame = new Uint8Array(60);
  for (let count = 0; count < MOST_FRAMES; count++) frames.sent(lane, frame, frame.length);
  expect(found).toEqual([]);
  expect(() => frames.sent(lane, frame, frame.length)).toThrow(FramesMultiply);
  expect(found.map((property) => PROPERTIES[property])).toEqual(["frames do not multiply"]);
});
