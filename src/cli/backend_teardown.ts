import { Command } from "@commander-js/extra-typings";
import { requireLinuxRoot, stateOption } from "./backend_options.ts";

export function teardownCommand() {
  return new Command("teardown")
    .description("undo `backend setup`: restore what was there before")
    .requiredOption("--cluster <address...>", "cluster addresses")
    .option("--dry-run", "only print what would be done")
    .addOption(stateOption())
    .option("--json", "print JSON: an array of {cluster, commands, files, notes}")
    .addHelpText("after", "\nExample:\n  oneip backend teardown --cluster 10.0.0.100")
    .action(async ({ dryRun = false, ...options }) => {
      requireLinuxRoot(dryRun);
      const { tearDownMachine } = await import("./backend_machine.ts");
      await tearDownMachine({ ...options, dryRun });
    });
}
