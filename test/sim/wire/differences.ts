/** In what the simulator differs from the wire, and why that is left so. docs/simulator.md has the same in its table. */

import type { Outcome } from "./scenarios.ts";

export interface Difference {
  readonly scenario: string;
  /** Into the outcome. */
  readonly path: readonly string[];
  readonly why: string;
}

const FILE =
  "what a reload has changed is told by the process around the engine (src/api), of which a world has none";

export const DIFFERENCES: readonly Difference[] = [
  { scenario: "reload", path: ["told", "configuration.reloaded"], why: FILE },
  { scenario: "reload", path: ["told", "configuration.refused"], why: FILE },
];

/** What an outcome has at a path. */
export function at(outcome: Outcome, [first, ...rest]: readonly string[]): unknown {
  const value = outcome[first!];
  return rest.length === 0 ? value : at(value as Outcome, rest);
}

/** The outcome without that in which it may differ. */
export function without(outcome: Outcome, differences: readonly Difference[]): Outcome {
  const copy = structuredClone(outcome) as Record<string, unknown>;
  for (const { path } of differences) {
    const inner = path.length === 1 ? copy : at(copy, path.slice(0, -1)) as Record<string, unknown>;
    delete inner[path.at(-1)!];
  }
  return copy;
}
