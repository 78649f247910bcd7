/** `oneip fast-path`: what the kernel is given to do. */

import { Command } from "@commander-js/extra-typings";

export function fastPathCommand() {
  return new Command("fast-path")
    .description("the program by which the kernel passes on plain frames itself (docs/fast-path.md)")
    .addHelpText("after", "\nExample:\n  oneip fast-path listing -c oneip.yaml")
    .addCommand(listing());
}

function listing() {
  return new Command("listing")
    .description("print the program that a configuration gives; it needs no privilege and loads nothing")
    .requiredOption("-c, --config <file>", "configuration file")
    .option("--uplink", "as it is attached to an uplink, whatever the configuration says")
    .addHelpText(
      "after",
      "\nA line is an instruction of eBPF with its number. A line that ends in a colon is a place to jump to, one that begins\n" +
        "with a semicolon says what the next ones ask or do. What is passed up goes to the dispatcher's process, for the\n" +
        "reason in the name of the place." +
        "\n\nExamples:\n  oneip fast-path listing -c oneip.yaml\n  oneip fast-path listing -c oneip.yaml --uplink | less",
    )
    .action(async ({ config: file, uplink }) => {
      const { loadConfig } = await import("../config/load.ts");
      const { planOf } = await import("../config/plan.ts");
      const { lengthOf, listing } = await import("../kernel/assembler/assemble.ts");
      const { placesFor } = await import("../kernel/program/places.ts");
      const { program } = await import("../kernel/program/program.ts");
      const { tableSizeOf } = await import("../path/plan.ts");
      const config = loadConfig(file);
      const { plan } = planOf(config);
      const isOnUplink = uplink === true || typeof config.dispatcher.fastPath !== "string";
      const items = program(plan, placesFor(plan, tableSizeOf(plan)), isOnUplink ? "uplink" : "tap");
      const place = isOnUplink ? "where frames come in on the uplink" : "where frames come out of the TAP";
      console.log(
        [`; The fast path, ${place}: ${lengthOf(items)} instructions`, ...listing(items)].join("\n"),
      );
    });
}
