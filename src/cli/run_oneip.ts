/** One call of the command `oneip`: arguments in, one command run, an exit status out. */

import { CommanderError } from "@commander-js/extra-typings";
import { InputError, UsageError } from "../input/errors.ts";
import { oneipProgram } from "./program.ts";

/** Exit statuses, besides 0. */
const FAILED = 1;
const WRONG_USAGE = 2;

/**
 * Runs the command that the arguments name, without the program's own name before them. Prints why it failed, if it did. A command
 * that has done its work and found a fault says so in `process.exitCode`; then the status here is undefined.
 */
export async function runOneip(args: readonly string[]): Promise<number | undefined> {
  try {
    await oneipProgram().parseAsync(args, { from: "user" });
    return undefined;
  } catch (error) {
    return report(error);
  }
}

/** Prints what went wrong; the exit status for it. */
export function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USAGE; // It has printed its own message.
  // A mistake in a file starts with its place, as compilers print it, so that editors can jump there.
  console.error(error instanceof InputError ? error.message : `oneip: ${(error as Error).message}`);
  return error instanceof InputError || error instanceof UsageError ? WRONG_USAGE : FAILED;
}
