import * as fc from "fast-check";
import { expect, test } from "vitest";
import { agreedPortions, type Finding } from "../../src/cluster/quorum.ts";

const BACKENDS = [1, 2, 3].map((n) => ({ name: `web${n}`, address: `10.0.0.1${n}` }));
const WEB = { name: "web", backends: BACKENDS } as unknown as Parameters<typeof agreedPortions>[0];

/** What dispatchers find, each as portions in the order of the backends; undefined where they have no word. */
function agreed(...found: readonly (readonly (number | undefined)[])[]): number[] {
  const findings = found.map((portions): Finding => ({
    web: Object.fromEntries(
      portions.flatMap((portion, index) =>
        portion === undefined ? [] : [[`web${index + 1} 10.0.0.1${index + 1}`, portion]]
      ),
    ),
  }));
  return agreedPortions(WEB, findings);
}

test("a backend is live when most dispatchers find it so, and a tie is not most", () => {
  expect(agreed([1, 1, 0], [1, 0, 0], [1, 1, 1])).toEqual([1, 1, 0]);
  expect(agreed([1, 1, 1], [1, 0, 1])).toEqual([1, 0, 1]);
  expect(agreed([1, 0, 1])).toEqual([1, 0, 1]);
});

test("who starts slowly gets what most of them grant", () => {
  expect(agreed([0.1, 1, 1], [0.2, 1, 1], [0.3, 1, 1])).toEqual([0.2, 1, 1]);
  expect(agreed([0.1, 1, 1], [0.2, 1, 1])).toEqual([0.1, 1, 1]);
});

test("a dispatcher that finds nobody live is blind, unless all find nobody", () => {
  expect(agreed([0, 0, 0], [1, 1, 0])).toEqual([1, 1, 0]);
  expect(agreed([0, 0, 0], [0, 0, 0], [1, 1, 1])).toEqual([1, 1, 1]);
  expect(agreed([0, 0, 0], [0, 0, 0])).toEqual([0, 0, 0]);
});

test("nobody's word: all may have clients; a backend that came later waits for its first word", () => {
  expect(agreed()).toEqual([1, 1, 1]);
  expect(agreed([undefined, undefined, undefined])).toEqual([1, 1, 1]);
  expect(agreed([1, 1, undefined], [1, 1, undefined])).toEqual([1, 1, 0]);
  expect(agreed([1, 1, undefined], [1, 1, 1])).toEqual([1, 1, 1]);
});

test("names that every object has are names like others", () => {
  const cluster = { name: "constructor", backends: [{ name: "toString", address: "10.0.0.1" }] };
  expect(agreedPortions(cluster as never, [{}])).toEqual([1]);
});

test("it matters neither in which order dispatchers are heard, nor in which order backends stand", () => {
  const portion = fc.option(fc.constantFrom(0, 0.1, 0.5, 1), { nil: undefined });
  const findings = fc.array(fc.array(portion, { minLength: 3, maxLength: 3 }), { maxLength: 6 });
  fc.assert(fc.property(findings, fc.infiniteStream(fc.nat(99)), (drawn, order) => {
    const shuffled = drawn.map((one) => [order.next().value!, one] as const).sort(([a], [b]) => a - b)
      .map(([, one]) => one);
    expect(agreed(...shuffled)).toEqual(agreed(...drawn));
  }));
});
