/** The command line as a whole: every command with its arguments and options. Building it runs nothing. */

import { Command } from "@commander-js/extra-typings";
import { VERSION } from "../system/version.ts";

/** By name, in the order of the help. */
const COMMANDS: Readonly<Record<string, () => Promise<unknown>>> = {
  run: async () => (await import("./run.ts")).runCommand(),
  check: async () => (await import("./check.ts")).checkCommand(),
  explain: async () => (await import("./explain.ts")).explainCommand(),
  prove: async () => (await import("./prove.ts")).proveCommand(),
  replay: async () => (await import("./replay.ts")).replayCommand(),
  status: async () => (await import("./status.ts")).statusCommand(),
  top: async () => (await import("./top.ts")).topCommand(),
  dashboard: async () => (await import("./dashboard.ts")).dashboardCommand(),
  console: async () => (await import("./console.ts")).consoleCommand(),
  capture: async () => (await import("./capture.ts")).captureCommand(),
  drain: async () => (await import("./drain.ts")).drainCommand(),
  undrain: async () => (await import("./undrain.ts")).undrainCommand(),
  weight: async () => (await import("./weight.ts")).weightCommand(),
  reload: async () => (await import("./reload.ts")).reloadCommand(),
  events: async () => (await import("./events.ts")).eventsCommand(),
  backend: async () => (await import("./backend.ts")).backendCommand(),
  verify: async () => (await import("./verify.ts")).verifyCommand(),
  watch: async () => (await import("./watch.ts")).watchCommand(),
  config: async () => (await import("./config.ts")).configCommand(),
  technique: async () => (await import("./technique.ts")).techniqueCommand(),
  filter: async () => (await import("./filter.ts")).filterCommand(),
  "fast-path": async () => (await import("./fast_path.ts")).fastPathCommand(),
  fleet: async () => (await import("./fleet.ts")).fleetCommand(),
  router: async () => (await import("./router.ts")).routerCommand(),
  service: async () => (await import("./service.ts")).serviceCommand(),
  lab: async () => (await import("./lab.ts")).labCommand(),
  course: async () => (await import("./course.ts")).courseCommand(),
  demo: async () => (await import("./demo.ts")).demoCommand(),
  playground: async () => (await import("./playground.ts")).playgroundCommand(),
};

/**
 * All of it, or no more than the command that comes `first` in the arguments, if there is one of that name: to read and to build the
 * others takes longer than most commands do. It throws CommanderError for wrong usage, after it has printed what is wrong; commands
 * load what they need when they are called.
 */
export async function oneipProgram(first = ""): Promise<Command> {
  const program = new Command("oneip")
    .description("One IP address in front of a cluster of servers")
    .version(VERSION)
    .enablePositionalOptions()
    .addHelpText(
      "after",
      "\nExample:\n  oneip run -c oneip.yaml\n\n" +
        "Exit status: 0 done, 1 failed or found a fault, 2 wrong usage or configuration.",
    );
  const isOne = Object.hasOwn(COMMANDS, first);
  const commands = isOne ? [COMMANDS[first]!] : Object.values(COMMANDS);
  for (const command of await Promise.all(commands.map((load) => load()))) {
    program.addCommand(command as Command);
  }
  if (!isOne) await addCompletions(program as Command, first);
  throwInsteadOfExit(program as Command);
  return program as Command;
}

/** Where a shell asks, names that exist are offered as well: they are looked for then. */
async function addCompletions(program: Command, first: string): Promise<void> {
  const { default: tab } = await import("@bomb.sh/tab/commander");
  const root = tab(program as never, { completionCommandName: "completions" });
  if (first === "complete") {
    const { completeLabs } = await import("./complete_labs.ts");
    // `complete -- lab exec routing`: commander keeps them when it parses.
    const parsed = program as unknown as { readonly rawArgs: readonly string[] };
    completeLabs(root, () => parsed.rawArgs.slice(parsed.rawArgs.indexOf("--") + 1));
  }
  program.commands.find((command) => command.name() === "completions")!
    .description("print the script by which a shell completes commands and options")
    .addHelpText("after", "\nExample:\n  oneip completions bash > /etc/bash_completion.d/oneip");
}

/** Subcommands that were made apart do not inherit this. */
function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  for (const subcommand of command.commands) throwInsteadOfExit(subcommand as Command);
}
