/** The command `oneip`: arguments in, one command run. Commands load what they need when they are called. */

import { Command, CommanderError } from "@commander-js/extra-typings";
import tab from "@bomb.sh/tab/commander";
import { backendCommand } from "./cli/backend.ts";
import { checkCommand } from "./cli/check.ts";
import { configCommand } from "./cli/config.ts";
import { demoCommand } from "./cli/demo.ts";
import { explainCommand } from "./cli/explain.ts";
import { filterCommand } from "./cli/filter.ts";
import { labCommand } from "./cli/lab.ts";
import { routerCommand } from "./cli/router.ts";
import { runCommand } from "./cli/run.ts";
import { techniqueCommand } from "./cli/technique.ts";
import { verifyCommand } from "./cli/verify.ts";
import { InputError, UsageError } from "./input/errors.ts";

/** Exit statuses, besides 0. */
const FAILED = 1;
const WRONG_USAGE = 2;

const program = new Command("oneip")
  .description("One IP address in front of a cluster of servers")
  .version("0.1.0")
  .enablePositionalOptions()
  .exitOverride()
  .addHelpText(
    "after",
    "\nExample:\n  oneip run -c oneip.yaml\n\nExit status: 0 done, 1 failed, 2 wrong usage or configuration.",
  )
  .addCommand(runCommand())
  .addCommand(checkCommand())
  .addCommand(explainCommand())
  .addCommand(backendCommand())
  .addCommand(verifyCommand())
  .addCommand(configCommand())
  .addCommand(techniqueCommand())
  .addCommand(filterCommand())
  .addCommand(routerCommand())
  .addCommand(labCommand())
  .addCommand(demoCommand());
tab(program as never, { completionCommandName: "completions" });
// Subcommands that were made apart do not inherit this.
for (const command of program.commands) for (const one of [command, ...command.commands]) one.exitOverride();

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USAGE; // It has printed its own message.
  // A mistake in a file starts with its place, as compilers print it, so that editors can jump there.
  console.error(error instanceof InputError ? error.message : `oneip: ${(error as Error).message}`);
  return error instanceof InputError || error instanceof UsageError ? WRONG_USAGE : FAILED;
}
