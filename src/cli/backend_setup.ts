import { Command, Option } from "@commander-js/extra-typings";
import { MANAGERS } from "../backend/setup/persist.ts";
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
    .option("--json", "print JSON: {commands, files, notes, faults}, faults as in `backend check`")
    .addHelpText(
      "after",
      "\nExamples:\n  oneip backend setup --cluster 10.0.0.100 2001:db8::100 --dry-run" +
        "\n  oneip backend setup --cluster 10.0.0.100 --persist systemd-networkd" +
        "\n  oneip backend setup -c oneip.yaml",
    )
    .action(async ({ dryRun = false, persist, ...options }) => {
      requireLinuxRoot(dryRun);
      const { setUpMachine } = await import("./backend_machine.ts");
      await setUpMachine({ ...options, dryRun, persist });
    });
}
