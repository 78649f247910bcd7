import { afterAll, describe, expect, test } from "vitest";
import { needsRoot } from "../needs.ts";
import { Random } from "../random.ts";
import { MISTAKES } from "./mistakes.ts";
import { Comparison, FRAMES } from "./oracle.ts";

/** Compared before the counters are looked at. */
const SOME = 500;

describe.skipIf(needsRoot())(`a mistake is found within ${FRAMES} frames`, () => {
  const random = new Random(20_261_130);
  const comparisons = new Map<string, Comparison>();
  afterAll(() => comparisons.forEach((comparison) => comparison.close()));

  test.each(MISTAKES)("$what", ({ scene, walk }) => {
    const comparison = comparisons.get(scene) ?? new Comparison(scene, random);
    comparisons.set(scene, comparison);
    comparison.load(walk);
    expect(() => {
      for (let frames = 0; frames < FRAMES; frames += SOME) {
        comparison.compare(SOME);
        comparison.settle();
      }
    }).toThrow(new RegExp(`^${scene}`));
  });
});
