/** What a command prints when it fails, and the exit status for it. */

import { CommanderError } from "@commander-js/extra-typings";
import { InputError, UsageError } from "../input/errors.ts";

/** Exit statuses, besides 0. */
const FAILED = 1;
const WRONG_USAGE = 2;

/** Prints what went wrong; the exit status for it. */
export function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USAGE; // It has printed its own message.
  // A mistake in a file starts with its place, as compilers print it, so that editors can jump there.
  console.error(error instanceof InputError ? error.message : `oneip: ${(error as Error).message}`);
  return error instanceof InputError || error instanceof UsageError ? WRONG_USAGE : FAILED;
}
