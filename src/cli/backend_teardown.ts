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
    .action(async ({ cluster, dryRun = false, state, json }) => {
      requireLinuxRoot(dryRun);
      const { applyTeardown, planTeardown } = await import("../backend/teardown.ts");
      const { Records } = await import("../backend/record.ts");
      const { formatCommand } = await import("../backend/programs.ts");
      const { takeSnapshot } = await import("../backend/snapshot.ts");
      const { parseAddresses } = await import("./backend_expected.ts");

      const records = new Records(state);
      const say = json ? () => {} : (line: string) => console.log(line);
      const done = parseAddresses(cluster).map((address) => {
        const plan = planTeardown(takeSnapshot(), address, records) ??
          { commands: [], files: [], notes: [`no set-up of ${address} is recorded in ${state}`] };
        if (dryRun) { for (const command of plan.commands) say(formatCommand(command)); }
        else applyTeardown(plan, address, records, (command) => say(formatCommand(command)));
        for (const file of plan.files) say(`remove ${file}`);
        for (const note of plan.notes) say(`note: ${note}`);
        return { cluster: address, ...plan, commands: plan.commands.map(formatCommand) };
      });
      if (json) console.log(JSON.stringify(done, null, 2));
    });
}
