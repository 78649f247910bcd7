import { afterAll, describe, expect, test } from "vitest";
import { needsRoot } from "../needs.ts";
import { Random } from "../random.ts";
import { MISTAKES } from "./mistakes.ts";
import { Bench, FRAMES } from "./oracle.ts";

/** Compared before the counters are looked at. */
const SOME = 500;

describe.skipIf(needsRoot())(`a mistake is found within ${FRAMES} frames`, () => {
  const random = new Random(20_261_130);
  const benches = new Map<string, Bench>();
  afterAll(() => benches.forEach((bench) => bench.close()));

  test.each(MISTAKES)("$what", ({ scene, walk }) => {
    const bench = benches.get(scene) ?? new Bench(scene, random);
    benches.set(scene, bench);
    bench.load(walk);
    expect(() => {
      for (let frames = 0; frames < FRAMES; frames += SOME) {
        bench.compare(SOME);
        bench.settle();
      }
    }).toThrow(new RegExp(`^${scene}`));
  });
});
