/** The command `oneip`: arguments in, one command run, an exit status out. */

import { CommanderError } from "@commander-js/extra-typings";
import { oneipProgram } from "./cli/program.ts";
import { InputError, UsageError } from "./input/errors.ts";

/** Exit statuses, besides 0. */
const FAILED = 1;
const WRONG_USAGE = 2;

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // Who reads no more, as `head` does, has read enough: what the command does is done to its end.
  if (error.code === "EPIPE") return;
  process.exitCode = report(new Error(`Cannot write to standard output: ${error.message}`));
});

try {
  await oneipProgram().parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USAGE; // It has printed its own message.
  // A mistake in a file starts with its place, as compilers print it, so that editors can jump there.
  console.error(error instanceof InputError ? error.message : `oneip: ${(error as Error).message}`);
  return error instanceof InputError || error instanceof UsageError ? WRONG_USAGE : FAILED;
}
