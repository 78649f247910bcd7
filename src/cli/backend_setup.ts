import { Command, Option } from "@commander-js/extra-typings";
import { MANAGERS, persistNote } from "../backend/persist.ts";
import {
  clusterOption,
  configOption,
  portOption,
  requireLinuxRoot,
  stateOption,
  techniqueOption,
} from "./backend_options.ts";

export function setupCommand() {
  return new Command("setup")
    .description("make this Linux machine a backend: ARP silence, then the alias, then the check")
    .addOption(clusterOption())
    .addOption(configOption())
    .addOption(portOption())
    .addOption(techniqueOption())
    .option("--dry-run", "only print what would be done")
    .addOption(
      new Option("--persist <manager>", "write the files by which it survives a restart").choices(MANAGERS),
    )
    .addOption(new Option("--root <dir>", "below which the files of --persist go").default("/"))
    .addOption(stateOption())
    .option("--json", "print JSON: {commands, files, notes, faults}")
    .addHelpText(
      "after",
      "\nExamples:\n  oneip backend setup --cluster 10.0.0.100 2001:db8::100 --dry-run" +
        "\n  oneip backend setup --cluster 10.0.0.100 --persist systemd-networkd" +
        "\n  oneip backend setup -c oneip.yaml",
    )
    .action(async ({ dryRun = false, persist, root, state, json, ...options }) => {
      requireLinuxRoot(dryRun);
      const { applySetup, planSetup } = await import("../backend/setup.ts");
      const { Records } = await import("../backend/record.ts");
      const { judge } = await import("../backend/judge.ts");
      const { formatCommand } = await import("../backend/programs.ts");
      const { takeSnapshot } = await import("../backend/snapshot.ts");
      const { expectedOf } = await import("./backend_expected.ts");
      const { faultData, printFaults } = await import("./print_faults.ts");

      const snapshot = takeSnapshot();
      const expected = expectedOf(options, snapshot);
      const target = { records: new Records(state), persist, root };
      const plan = planSetup(snapshot, expected, target);
      const note = persist && persistNote(persist, root);
      const notes = note === undefined ? [] : [note];
      const say = json ? () => {} : (line: string) => console.log(line);
      for (const { path } of plan.files) say(`write ${path}`);
      if (dryRun) { for (const command of plan.commands) say(formatCommand(command)); }
      else applySetup(plan, target, (command) => say(formatCommand(command)));
      if (plan.commands.length + plan.files.length === 0) say("nothing to do: it is set up already");
      for (const text of notes) say(`note: ${text}`);

      const faults = dryRun ? [] : judge(takeSnapshot(), expected);
      if (json) {
        const commands = plan.commands.map(formatCommand);
        const files = plan.files.map(({ path }) => path);
        console.log(JSON.stringify({ commands, files, notes, faults: faults.map(faultData) }, null, 2));
      } else if (!dryRun) printFaults(faults, expected);
      if (faults.length > 0) process.exitCode = 1;
    });
}
