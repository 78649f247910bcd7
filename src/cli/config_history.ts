import { Command } from "@commander-js/extra-typings";

export function historyCommand() {
  return new Command("history")
    .description(
      "print the configurations that a fleet has shared by etcd: the last 20, with who pushed each and when",
    )
    .requiredOption("-c, --config <file>", "configuration file, with fleet.etcd")
    .option("--json", "print JSON: [{revision, at, by, current}], the oldest first")
    .addHelpText(
      "after",
      "\nThe time is by the clock of the machine that pushed.\n\nExample:\n  oneip config history -c oneip.yaml",
    )
    .action(async ({ config: file, json }) => {
      const { withFleet } = await import("./with_fleet.ts");
      const { formatTable } = await import("./table.ts");
      const { current, history } = await withFleet(file, (fleet) => fleet.read());
      const rows = history.map(({ revision, at, by }) => ({
        revision,
        at,
        by,
        current: revision === current?.revision,
      }));
      if (json) return console.log(JSON.stringify(rows, null, 2));
      if (rows.length === 0) return console.log("Nobody has pushed a configuration yet.");
      console.log(
        formatTable(
          ["revision", "at", "by", ""],
          rows.map(({ revision, at, by, current }) => [revision, at, by, current ? "in use" : ""]),
        ),
      );
      if (current !== undefined && !rows.some(({ current }) => current)) {
        console.log(
          `\nIn use is revision ${current.revision}, which was not written by "oneip config push".`,
        );
      }
    });
}
