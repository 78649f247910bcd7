/** `oneip config`: about the format of the configuration file. */

import { Command } from "@commander-js/extra-typings";

export function configCommand() {
  return new Command("config")
    .description("about the configuration file")
    .addCommand(schema());
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
