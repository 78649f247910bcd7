import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Algorithm,
  baseMap,
  liveMap,
  liveMapInSteps,
  type Member,
  NO_BACKEND,
  shares,
} from "../../src/table/bucket_map.ts";
import { finish } from "../../src/table/steps.ts";
import { roundsOf } from "../needs.ts";

const ALGORITHMS: Algorithm[] = ["maglev", "rendezvous", "modulo"];

function members(weights: readonly number[]): Member[] {
  return weights.map((weight, index) => ({ name: `web${index + 1}`, weight }));
}

/** 2 to 12 backends of weight 1 to 20, which of them are live, and the number of buckets. */
const clusters = fc.record({
  weights: fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 12 }),
  live: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
  buckets: fc.constantFrom(64, 256, 4096),
});

test("maglev: equal weights give shares within one bucket, for 1 to 64 backends", () => {
  for (let count = 1; count <= 64; count++) {
    const owned = shares(baseMap(members(new Array(count).fill(1)), 4096, "maglev"), count);
    expect(Math.max(...owned) - Math.min(...owned), `${count} backends`).toBeLessThanOrEqual(1);
  }
});

test("maglev: weights 1..20 give shares within one bucket of proportion, so within 2 % at 4096 buckets", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 20 }), (weights) => {
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const owned = shares(baseMap(members(weights), 4096, "maglev"), weights.length);
      for (const [index, weight] of weights.entries()) {
        const exact = 4096 * weight / total;
        expect(Math.abs(owned[index]! - exact)).toBeLessThan(1);
        expect(Math.abs(owned[index]! - exact) / 4096).toBeLessThan(0.02);
      }
    }),
    { seed: 7, numRuns: roundsOf(100) },
  );
});

describe.each(ALGORITHMS)("%s", (algorithm) => {
  test("every bucket has exactly one owner, and a live one, under every live set", () => {
    fc.assert(
      fc.property(clusters, ({ weights, live, buckets }) => {
        const list = members(weights);
        const map = liveMap(list, baseMap(list, buckets, algorithm), algorithm, (index) => live[index]!);
        expect(map.length).toBe(buckets);
        const anyLive = weights.some((_, index) => live[index]);
        for (const owner of map) {
          if (anyLive ? !(owner < weights.length && live[owner]!) : owner !== NO_BACKEND) {
            throw new Error(`owner ${owner}`);
          }
        }
      }),
      { seed: 7, numRuns: roundsOf(60) },
    );
  });

  test("the order of the configuration does not matter", () => {
    fc.assert(
      fc.property(clusters, ({ weights, live, buckets }) => {
        const list = members(weights);
        const names = (order: readonly Member[]) => {
          const isLive = (index: number) => live[list.indexOf(order[index]!)]!;
          const map = liveMap(order, baseMap(order, buckets, algorithm), algorithm, isLive);
          return Array.from(map, (owner) => order[owner]?.name);
        };
        expect(names(list.toReversed())).toEqual(names(list));
      }),
      { seed: 7, numRuns: roundsOf(30) },
    );
  });
});

describe.each(["maglev", "rendezvous"] as const)("%s", (algorithm) => {
  test("only the buckets of backends that are down move", () => {
    fc.assert(
      fc.property(clusters, ({ weights, live, buckets }) => {
        const list = members(weights);
        const base = baseMap(list, buckets, algorithm);
        const map = liveMap(list, base, algorithm, (index) => live[index]!);
        for (const [bucket, owner] of base.entries()) {
          if (live[owner] && map[bucket] !== owner) {
            throw new Error(`bucket ${bucket} moved from a live backend`);
          }
        }
      }),
      { seed: 7, numRuns: roundsOf(60) },
    );
  });

  test("one more that goes down moves its own buckets only, and they come back exactly", () => {
    fc.assert(
      fc.property(clusters, fc.nat(), ({ weights, live, buckets }, pick) => {
        const list = members(weights);
        const base = baseMap(list, buckets, algorithm);
        const victim = pick % weights.length;
        const before = liveMap(list, base, algorithm, (index) => live[index]! || index === victim);
        const after = liveMap(list, base, algorithm, (index) => live[index]! && index !== victim);
        const again = liveMap(list, base, algorithm, (index) => live[index]! || index === victim);
        expect(again).toEqual(before);
        for (const [bucket, owner] of before.entries()) {
          if (owner !== victim && after[bucket] !== owner) {
            throw new Error(`bucket ${bucket} of ${owner} moved`);
          }
        }
      }),
      { seed: 7, numRuns: roundsOf(60) },
    );
  });

  test("one that starts slowly gets about its portion of its own buckets, and keeps what it has got", () => {
    fc.assert(
      fc.property(clusters, fc.nat(), ({ weights, live, buckets }, pick) => {
        const list = members(weights);
        const base = baseMap(list, buckets, algorithm);
        const [slow, other] = [pick % weights.length, (pick + 1) % weights.length];
        const at = (portion: number) =>
          finish(liveMapInSteps(list, base, algorithm, (index) => {
            return index === slow ? portion : live[index] || index === other ? 1 : 0;
          }));
        const steps = [0, 0.1, 0.5, 0.9, 1].map(at);
        expect(at(0.5)).toEqual(steps[2]);
        for (const [step, map] of steps.entries()) {
          for (const [bucket, owner] of map.entries()) {
            const before = steps[step - 1]?.[bucket];
            if (before !== undefined && before !== owner && owner !== slow) {
              throw new Error(`bucket ${bucket} went from ${before} to ${owner}`);
            }
          }
        }
        const own = shares(base, weights.length)[slow]!;
        const half = shares(steps[2]!, weights.length)[slow]!;
        expect(Math.abs(half - own / 2)).toBeLessThan(3 * Math.sqrt(own) + 1);
      }),
      { seed: 7, numRuns: roundsOf(60) },
    );
  });

  test("those that start slowly with no other live have all", () => {
    const list = members([1, 1, 1]);
    const base = baseMap(list, 64, algorithm);
    const map = finish(liveMapInSteps(list, base, algorithm, (index) => [0.1, 0.5, 0][index]!));
    expect(map).toEqual(liveMap(list, base, algorithm, (index) => index < 2));
  });

  test("the buckets of one that is down spread over the others by weight", () => {
    const list = members([4, 1, 2, 1]);
    const base = baseMap(list, 65536, algorithm);
    const map = liveMap(list, base, algorithm, (index) => index !== 0);
    const gained = [0, 1, 2, 3].map((index) => shares(map, 4)[index]! - shares(base, 4)[index]!);
    const moved = shares(base, 4)[0]!;
    expect(gained[1]! / moved).toBeCloseTo(1 / 4, 1);
    expect(gained[2]! / moved).toBeCloseTo(2 / 4, 1);
    expect(gained[3]! / moved).toBeCloseTo(1 / 4, 1);
  });
});

test.each(ALGORITHMS)(
  "%s: who has weight 0 owns nothing, and where all have it nobody owns anything",
  (algorithm) => {
    const own = (...weights: number[]) => shares(baseMap(members(weights), 64, algorithm), weights.length);
    expect(own(0, 1, 0)).toEqual([0, 64, 0]);
    expect(own(0, 0)).toEqual([0, 0]);
  },
);

test("modulo: bucket modulo the number of live backends, which moves most buckets when one goes down", () => {
  const list = members([1, 1, 1, 1]);
  const base = baseMap(list, 4096, "modulo");
  expect([...base.slice(0, 6)]).toEqual([0, 1, 2, 3, 0, 1]);
  const map = liveMap(list, base, "modulo", (index) => index !== 3);
  expect([...map.slice(0, 6)]).toEqual([0, 1, 2, 0, 1, 2]);
});

test("a map does not change between releases: clients must keep their backend through an upgrade", () => {
  const list = members([1, 2, 3]);
  const digest = (algorithm: Algorithm) => [...baseMap(list, 16, algorithm)].join("");
  expect(ALGORITHMS.map(digest)).toMatchInlineSnapshot(`
    [
      "2120001221221212",
      "2202121012222222",
      "0112220112220112",
    ]
  `);
});

test("nor does the live map of many, whose computation takes several steps", () => {
  const list = members(Array.from({ length: 1000 }, (_, index) => 1 + index % 3));
  const base = baseMap(list, 65536, "maglev");
  const steps = liveMapInSteps(list, base, "maglev", (index) => index % 2 === 0 ? 1 : 0);
  let count = 1;
  let step = steps.next();
  for (; !step.done; step = steps.next()) count++;
  expect(count).toBeGreaterThan(2);
  expect(createHash("sha256").update(step.value).digest("hex")).toBe(
    "55f3842ad064bf2467697496ed4987debe9bb7fce3dd220cc697823ad226869d",
  );
});
