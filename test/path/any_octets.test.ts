import { expect, test } from "vitest";
import { NAMES } from "../../src/path/verdict.ts";
import { roundsOf } from "../needs.ts";
import { fuzz } from "./fuzz.ts";

const ROUNDS = roundsOf(200_000);

test(`${ROUNDS} arbitrary frames: no throw, no octet outside the slot, one verdict each`, () => {
  const seen = fuzz(ROUNDS, 20_261_122);
  expect([...seen.keys()].every((name) => (NAMES as readonly string[]).includes(name))).toBe(true);
  expect(seen.size, [...seen.keys()].join(" ")).toBeGreaterThan(28);
});
