import { Command } from "@commander-js/extra-typings";

export function diffCommand() {
  return new Command("diff")
    .description("print in what the running dispatcher runs otherwise than its configuration file says now")
    .option(
      "--json",
      "print JSON: {file, changes: [{cluster, backend, key, old, new}], drained: [{cluster, backend, state}]}; " +
        "old is the file's, new what runs",
    )
    .addHelpText(
      "after",
      "\nThat is what was changed by command, and what was edited and not reloaded. The status is 1 when there is something,\n" +
        "as with diff(1).\n\nExample:\n  oneip config diff",
    )
    .action(async ({ json }) => {
      const { ask, controlPath } = await import("../api/client.ts");
      const { describeDifference } = await import("./print_changes.ts");
      const difference = await ask(controlPath(), "difference", {});
      console.log(json ? JSON.stringify(difference, null, 2) : describeDifference(difference));
      if (difference.changes.length + difference.drained.length > 0) process.exitCode = 1;
    });
}
