/** An exercise that a student works on, and how many hints were given. It is written in the lab's folder, and goes with it. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../input/errors.ts";
import { Lab } from "../lab/lab.ts";
import { folderOf, readRecord } from "../lab/record.ts";
import { describeSolution, type Exercise, findExercise, labOfExercise } from "./exercise.ts";
import { TOPOLOGY } from "./network.ts";

interface Progress {
  readonly exercise: number;
  /** So many were given. */
  readonly hints: number;
}

/** Brings its lab up and breaks it. The lab stays. Throws what Lab.up throws. */
export async function startExercise(
  { number, fault }: Exercise,
  progress: (step: string) => void,
): Promise<void> {
  const lab = await Lab.up(TOPOLOGY, { name: labOfExercise(number), keep: true, progress });
  try {
    progress("what is wrong");
    await lab.setUp(fault);
    write(lab.name, { exercise: number, hints: 0 });
  } catch (error) {
    await lab.down();
    throw error;
  }
}

/** The exercise for which a lab was brought up; undefined when it is up for none, or not up. */
export function exerciseIn(lab: string): Exercise | undefined {
  const progress = read(lab);
  return progress && findExercise(String(progress.exercise));
}

/** The next hint, and how many are left. The last one, the solution, is given again. Throws UsageError when it has not begun. */
export function nextHint(exercise: Exercise): { readonly hint: string; readonly left: number } {
  const { number, hints } = exercise;
  const progress = read(labOfExercise(number));
  if (progress === undefined) {
    throw new UsageError(`Exercise ${number} has not begun, use "oneip course start ${number}"`);
  }
  write(labOfExercise(number), { ...progress, hints: Math.min(progress.hints + 1, hints.length) });
  return {
    hint: hints[progress.hints] ?? describeSolution(exercise),
    left: Math.max(0, hints.length - progress.hints),
  };
}

function read(lab: string): Progress | undefined {
  if (readRecord(lab) === undefined) return undefined;
  try {
    return JSON.parse(readFileSync(fileOf(lab), "utf8")) as Progress;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function write(lab: string, progress: Progress): void {
  writeFileSync(fileOf(lab), JSON.stringify(progress));
}

function fileOf(lab: string): string {
  return join(folderOf(lab), "course.json");
}
