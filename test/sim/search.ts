/** Searches seeds for one with which something does not hold, and makes it short. */

import { shorter, type Shrunk } from "../../src/sim/faults/shorter.ts";
import { Budget } from "../../src/sim/faults/shrink.ts";
import { run, type Trial, trialFrom } from "../../src/sim/faults/trial.ts";

export interface Found extends Shrunk {
  readonly seed: number;
  /** Of the whole schedule. */
  readonly steps: number;
  readonly seeds: number;
}

export interface Limits {
  readonly mostSeeds: number;
  /** Of the search. */
  readonly mostMs: number;
  /** Of making it short. */
  readonly shrinkMs: number;
  /** Of each trial; default: the usual. */
  readonly lengthUs?: number;
  readonly tries: number;
}

export async function search(first: number, limits: Limits): Promise<Found | undefined> {
  const endMs = performance.now() + limits.mostMs;
  let seeds = 0;
  for (let seed = first; seeds < limits.mostSeeds && performance.now() < endMs; seed++) {
    const trial = trialFrom(seed, limits.lengthUs);
    seeds++;
    const { finding } = await run(trial);
    if (finding === undefined) continue;
    const shrinkEndMs = performance.now() + limits.shrinkMs;
    const budget = new Budget(limits.tries, () => performance.now() > shrinkEndMs);
    return { ...await shorter(trial, finding, budget), seed, seeds, steps: stepsOf(trial) };
  }
  return undefined;
}

export function stepsOf({ happenings }: Trial): number {
  return happenings.reduce((sum, { steps }) => sum + steps.length, 0);
}
