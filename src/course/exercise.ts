/** An exercise: the network of the course with something broken, a text, hints, and the goals that a student is to reach. */

import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import * as z from "zod";
import { readInSteps } from "../input/document.ts";
import { UsageError } from "../input/errors.ts";
import { finish } from "../table/steps.ts";
import { type GoalName, GOALS } from "./goals.ts";
import { fileOf, type Lines, TOPOLOGY } from "./network.ts";

export interface Exercise {
  readonly number: number;
  /** The symptom. */
  readonly title: string;
  /** What is built, what is wrong with it, and commands that show something. */
  readonly text: string;
  /** What is broken, once the network is up. */
  readonly fault: Lines;
  /** One after another. */
  readonly stages: readonly GoalName[];
  /** Each says more than the one before. */
  readonly hints: readonly string[];
  /** One of the right ones. */
  readonly solution: Lines;
}

const lines = z.record(z.string(), z.array(z.string("use a shell line")), "use lists of shell lines by node");
const goals = Object.keys(GOALS) as [GoalName, ...GoalName[]];

const schema = z.strictObject({
  title: z.string("use a sentence"),
  text: z.string("use a text"),
  fault: lines,
  stages: z.array(z.enum(goals, `use one of ${goals.join(", ")}`)).min(1, "name a goal"),
  hints: z.array(z.string("use a text")).min(1, "give a hint"),
  solution: lines,
}, "use a mapping with title, text, fault, stages, hints and solution");

/** All of them, from the first one on. Throws InputError for mistakes in their files. */
export function exercises(): Exercise[] {
  const found: Exercise[] = [];
  for (let number = 1; existsSync(fileOf(`${number}.yaml`)); number++) {
    const file = fileOf(`${number}.yaml`);
    const { value } = finish(readInSteps(readFileSync(file, "utf8"), file, { schema, checks: [] }));
    found.push({ number, ...value });
  }
  return found;
}

/** The one of this number. Throws UsageError when there is none. */
export function findExercise(number: string): Exercise {
  const all = exercises();
  const exercise = all.find((one) => String(one.number) === number);
  if (exercise === undefined) {
    throw new UsageError(
      `There is no such exercise, found "${number}", use a number from 1 to ${all.length}`,
    );
  }
  return exercise;
}

/** The name of the lab in which a student has it. */
export function labOfExercise(number: number): string {
  return `course${number}`;
}

/** The drawing of the network, which stands at the head of its file. */
export function drawing(): string {
  const lines = readFileSync(TOPOLOGY, "utf8").split("\n");
  const head = lines.slice(0, lines.findIndex((line) => !line.startsWith("#")));
  return `${head.map((line) => line.replace(/^# ?/, "")).join("\n")}\n`;
}

/** A text as a student can use it: with the course's files where they are. */
export function withFiles(text: string): string {
  const folder = fileOf("");
  const near = relative(process.cwd(), folder);
  return text.replaceAll("netns/course/", near.startsWith("..") ? folder : `${near}/`);
}

/** The last hint: the solution as commands. */
export function describeSolution({ number, solution }: Exercise): string {
  const commands = Object.entries(solution).flatMap(([node, lines]) =>
    lines.map((line) => `  oneip lab exec ${labOfExercise(number)} ${node} ${line}`)
  );
  return ["These commands mend it:", "", ...commands].join("\n");
}
