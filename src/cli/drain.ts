import { Command } from "@commander-js/extra-typings";

export function drainCommand() {
  return new Command("drain")
    .description(
      "let a backend of the running dispatcher get no new clients, until it is undrained, or the dispatcher ends",
    )
    .argument("<backend>", "its name, as NAME or CLUSTER/NAME")
    .option("--now", "take it down: its connections are not kept either")
    .option("--json", "print JSON: the backend as status prints it with --json")
    .addHelpText(
      "after",
      "\nIts buckets go to the other live backends, and no other bucket moves.\n\nExample:\n  oneip drain web/web2",
    )
    .action(async (backend, { now = false, json }) => {
      const { askAbout } = await import("./ask_about.ts");
      const { describeBackend } = await import("./print_status.ts");
      const status = await askAbout(backend, "drain", { now });
      console.log(json ? JSON.stringify(status, null, 2) : describeBackend(status));
    });
}
