import { Command } from "@commander-js/extra-typings";

export function removeBackendCommand() {
  return new Command("remove")
    .description(
      "where the dispatcher runs: take a backend away from it, until its configuration is reloaded",
    )
    .argument("<backend>", "its name, as NAME or CLUSTER/NAME")
    .option("--json", "print JSON: what that changes, as reload prints it with --json")
    .addHelpText(
      "after",
      "\nIts connections are cut: drain it first, and wait until `oneip status` shows no bucket in transition.\n" +
        "`oneip config save` takes it out of the file; without that the next reload, takeover or start brings it back.\n\n" +
        "Example:\n  oneip backend remove web/web5",
    )
    .action(async (backend, { json }) => {
      const { askAbout } = await import("./ask_about.ts");
      const { describeChanges } = await import("./print_changes.ts");
      const changes = await askAbout(backend, "remove", {});
      console.log(json ? JSON.stringify(changes, null, 2) : describeChanges(changes));
    });
}
