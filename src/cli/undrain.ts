import { Command } from "@commander-js/extra-typings";

export function undrainCommand() {
  return new Command("undrain")
    .description("let a backend of the running dispatcher get new clients again, after a drain")
    .argument("<backend>", "its name, as NAME or CLUSTER/NAME")
    .option("--json", "print JSON: the backend as status prints it with --json")
    .addHelpText(
      "after",
      "\nIt gets its buckets back, with `slowStart` in steps.\n\nExample:\n  oneip undrain web/web2",
    )
    .action(async (backend, { json }) => {
      const { askAbout } = await import("./ask_about.ts");
      const { describeBackend } = await import("./print_status.ts");
      const status = await askAbout(backend, "undrain", {});
      console.log(json ? JSON.stringify(status, null, 2) : describeBackend(status));
    });
}
