/** One call of the command `oneip`: arguments in, one command run, an exit status out. */

import { oneipProgram } from "./program.ts";
import { report } from "./report.ts";

/**
 * Runs the command that the arguments name, without the program's own name before them. Prints why it failed, if it did. A command
 * that has done its work and found a fault says so in `process.exitCode`; then the status here is undefined.
 */
export async function runOneip(args: readonly string[]): Promise<number | undefined> {
  try {
    await (await oneipProgram(args[0])).parseAsync(args, { from: "user" });
    return undefined;
  } catch (error) {
    return report(error);
  }
}
