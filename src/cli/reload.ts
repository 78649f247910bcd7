import { Command } from "@commander-js/extra-typings";

export function reloadCommand() {
  return new Command("reload")
    .description(
      "let the running dispatcher go on by what its configuration file says now, and print what that changes",
    )
    .option("--dry-run", "change nothing: only print what it would change")
    .option(
      "--json",
      "print JSON: {changes: [{cluster, backend, key, old, new}], moving: [{cluster, share}]}",
    )
    .addHelpText(
      "after",
      "\nNo frame is lost, and what is known of neighbors, health and states is kept. A file with a mistake changes nothing, and\n" +
        "neither does one that changes what cannot change while the dispatcher runs, such as its interface. SIGHUP does the same.\n\n" +
        "Examples:\n  oneip reload --dry-run\n  oneip reload",
    )
    .action(async ({ dryRun = false, json }) => {
      const { ask, controlPath } = await import("../api/client.ts");
      const { describeChanges } = await import("./print_changes.ts");
      const changes = await ask(controlPath(), "reload", { dryRun });
      console.log(json ? JSON.stringify(changes, null, 2) : describeChanges(changes));
    });
}
