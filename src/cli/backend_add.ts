import { Command } from "@commander-js/extra-typings";
import { parseWeight } from "./weight.ts";

export function addBackendCommand() {
  return new Command("add")
    .description("where the dispatcher runs: add a backend to it, until its configuration is reloaded")
    .argument("<backend>", "its name, as CLUSTER/NAME, or NAME where there is only one cluster")
    .argument("<address>", "its primary address")
    .option("--weight <weight>", "0 to 100 (default: 1)", parseWeight)
    .option("--backup", "it gets traffic only while no other backend of the cluster is live")
    .option("--json", "print JSON: what that changes, as reload prints it with --json")
    .addHelpText(
      "after",
      "\nIt is checked as if it stood in the file, and gets clients when it has its first verdict. `oneip config save` writes it\n" +
        "into the file; without that the next reload, takeover or start goes by what the file says.\n\n" +
        "Example:\n  oneip backend add web/web5 10.0.0.15 --weight 2",
    )
    .action(async (text, address, { weight, backup, json }) => {
      const { controlPath, converse } = await import("../api/client.ts");
      const { placeOfNew } = await import("../cluster/find_backend.ts");
      const { describeChanges } = await import("./print_changes.ts");
      const dispatcher = await converse(controlPath());
      try {
        const place = placeOfNew(await dispatcher.ask("clusters", {}), text);
        const changes = await dispatcher.ask("add", { ...place, address, weight, backup });
        console.log(json ? JSON.stringify(changes, null, 2) : describeChanges(changes));
      } finally {
        dispatcher.end();
      }
    });
}
