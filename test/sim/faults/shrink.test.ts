import { expect, test } from "vitest";
import { Budget, shrink } from "../../../src/sim/faults/shrink.ts";

/** Fails when all of these are there, in this order. */
function needs(...wanted: number[]) {
  return (some: readonly number[]) => {
    const at = wanted.map((one) => some.indexOf(one));
    return Promise.resolve(at.every((place, index) => place >= 0 && place >= (at[index - 1] ?? 0)));
  };
}

const MANY = Array.from({ length: 300 }, (_, index) => index);

test("what is left is what the failure needs, in its order, wherever it stood", async () => {
  for (const wanted of [[0], [299], [17, 18], [3, 150, 296], [0, 1, 2, 3, 100, 200, 299]]) {
    expect(await shrink(MANY, needs(...wanted), new Budget(10_000))).toEqual(wanted);
  }
});

test("where nothing is needed nothing is left", async () => {
  expect(await shrink(MANY, () => Promise.resolve(true), new Budget(10_000))).toEqual([]);
});

test("with few tries what is left still fails", async () => {
  const fails = needs(3, 150, 296);
  let tries = 0;
  const left = await shrink(MANY, (some) => (tries++, fails(some)), new Budget(10));
  expect(tries).toBe(10);
  expect(left.length).toBeLessThan(MANY.length);
  expect(await fails(left)).toBe(true);
});
