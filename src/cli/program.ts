/** The command line as a whole: every command with its arguments and options. Building it runs nothing. */

import { Command } from "@commander-js/extra-typings";
import tab from "@bomb.sh/tab/commander";
import { backendCommand } from "./backend.ts";
import { captureCommand } from "./capture.ts";
import { checkCommand } from "./check.ts";
import { configCommand } from "./config.ts";
import { consoleCommand } from "./console.ts";
import { dashboardCommand } from "./dashboard.ts";
import { demoCommand } from "./demo.ts";
import { drainCommand } from "./drain.ts";
import { eventsCommand } from "./events.ts";
import { explainCommand } from "./explain.ts";
import { fastPathCommand } from "./fast_path.ts";
import { filterCommand } from "./filter.ts";
import { labCommand } from "./lab.ts";
import { reloadCommand } from "./reload.ts";
import { replayCommand } from "./replay.ts";
import { routerCommand } from "./router.ts";
import { runCommand } from "./run.ts";
import { serviceCommand } from "./service.ts";
import { statusCommand } from "./status.ts";
import { techniqueCommand } from "./technique.ts";
import { topCommand } from "./top.ts";
import { undrainCommand } from "./undrain.ts";
import { verifyCommand } from "./verify.ts";
import { watchCommand } from "./watch.ts";
import { weightCommand } from "./weight.ts";

/** It throws CommanderError for wrong usage, after it has printed what is wrong; commands load what they need when they are called. */
export function oneipProgram(): Command {
  const program = new Command("oneip")
    .description("One IP address in front of a cluster of servers")
    .version("0.1.0")
    .enablePositionalOptions()
    .addHelpText(
      "after",
      "\nExample:\n  oneip run -c oneip.yaml\n\n" +
        "Exit status: 0 done, 1 failed or found a fault, 2 wrong usage or configuration.",
    )
    .addCommand(runCommand())
    .addCommand(checkCommand())
    .addCommand(explainCommand())
    .addCommand(replayCommand())
    .addCommand(statusCommand())
    .addCommand(topCommand())
    .addCommand(dashboardCommand())
    .addCommand(consoleCommand())
    .addCommand(captureCommand())
    .addCommand(drainCommand())
    .addCommand(undrainCommand())
    .addCommand(weightCommand())
    .addCommand(reloadCommand())
    .addCommand(eventsCommand())
    .addCommand(backendCommand())
    .addCommand(verifyCommand())
    .addCommand(watchCommand())
    .addCommand(configCommand())
    .addCommand(techniqueCommand())
    .addCommand(filterCommand())
    .addCommand(fastPathCommand())
    .addCommand(routerCommand())
    .addCommand(serviceCommand())
    .addCommand(labCommand())
    .addCommand(demoCommand());
  addCompletions(program as Command);
  throwInsteadOfExit(program as Command);
  return program as Command;
}

function addCompletions(program: Command): void {
  tab(program as never, { completionCommandName: "completions" });
  program.commands.find((command) => command.name() === "completions")!
    .description("print the script by which a shell completes commands and options")
    .addHelpText("after", "\nExample:\n  oneip completions bash > /etc/bash_completion.d/oneip");
}

/** Subcommands that were made apart do not inherit this. */
function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  for (const subcommand of command.commands) throwInsteadOfExit(subcommand as Command);
}
