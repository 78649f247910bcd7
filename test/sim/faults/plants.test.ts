import { afterEach, expect, test } from "vitest";
import { PLANTS } from "../plants.ts";
import { search, stepsOf } from "../search.ts";

/** Seeds that find a mistake soon, with what does not hold then. scripts/plants finds such seeds, for all mistakes. */
const FOUND = [
  ["lost publish", 10, "served"],
  ["wrong tie-break", 7, "one active"],
] as const;

/** The schedule gets shorter, though not as short as it could. */
const FEW_TRIES = 12;

let remove = () => {};
afterEach(() => remove());

test.each(FOUND)(
  "a planted mistake is found, and its schedule gets shorter: %s",
  async (name, seed, property) => {
    remove = PLANTS.find((plant) => plant.name === name)!.plant();
    const found = await search(seed, {
      mostSeeds: 1,
      mostMs: Infinity,
      shrinkMs: Infinity,
      tries: FEW_TRIES,
    });
    expect(found?.finding.property).toBe(property);
    expect(stepsOf(found!.trial)).toBeLessThan(found!.steps / 2);
  },
);
