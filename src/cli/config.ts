/** `oneip config`: the configuration file, its format, and what a dispatcher runs otherwise than it says. */

import { Command } from "@commander-js/extra-typings";
import { diffCommand } from "./config_diff.ts";
import { historyCommand } from "./config_history.ts";
import { pullCommand } from "./config_pull.ts";
import { pushCommand } from "./config_push.ts";
import { rollbackCommand } from "./config_rollback.ts";
import { saveCommand } from "./config_save.ts";

export function configCommand() {
  return new Command("config")
    .description(
      "the configuration: what runs otherwise than the file says, what a fleet shares, and its format",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  oneip config diff\n  oneip config push -c oneip.yaml\n  oneip config schema > oneip.schema.json",
    )
    .addCommand(diffCommand())
    .addCommand(saveCommand())
    .addCommand(pushCommand())
    .addCommand(pullCommand())
    .addCommand(historyCommand())
    .addCommand(rollbackCommand())
    .addCommand(schema())
    .addCommand(seed());
}

function schema() {
  return new Command("schema")
    .description("print the JSON Schema of the configuration file, for editors")
    .addHelpText(
      "after",
      "\nExample:\n  oneip config schema > oneip.schema.json",
    )
    .action(async () => {
      const { configJsonSchema } = await import("../config/json_schema.ts");
      console.log(JSON.stringify(configJsonSchema(), null, 2));
    });
}

function seed() {
  return new Command("seed")
    .description("print a seed that nobody can guess, for the key `seed` of a cluster")
    .addHelpText(
      "after",
      "\nAll machines of the cluster need the same one. With another seed most clients change their backend." +
        "\n\nExample:\n  oneip config seed",
    )
    .action(async () => {
      const { randomInt } = await import("node:crypto");
      console.log(randomInt(1, 2 ** 32)); // 0 is the default, which everybody knows.
    });
}
