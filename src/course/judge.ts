/** Says how far a student has come: which goals of an exercise are reached, and what is wrong with the next one. */

import type { Lab } from "../lab/lab.ts";
import type { Exercise } from "./exercise.ts";
import { type Goal, GOALS } from "./goals.ts";
import { Look } from "./look.ts";

export interface Judgement {
  /** The sentences of the goals that are reached, in their order. */
  readonly reached: readonly string[];
  /** What is wrong with the one after them; undefined when all are reached. */
  readonly wrong: string | undefined;
}

/** A client that waits longer than this counts as not served. */
const PATIENCE_S = 2;

/** Looks at the lab anew. Goals are judged one after another, up to number `stages`. */
export async function judge(
  lab: Lab,
  exercise: Exercise,
  stages = exercise.stages.length,
  patienceS = PATIENCE_S,
): Promise<Judgement> {
  await using look = await Look.at(lab, patienceS);
  const reached: string[] = [];
  for (const goal of exercise.stages.slice(0, stages).map((name): Goal => GOALS[name])) {
    const wrong = await goal.wrong(look);
    if (wrong !== undefined) return { reached, wrong };
    reached.push(goal.reached);
  }
  return { reached, wrong: undefined };
}
