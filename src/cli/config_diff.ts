import { Command } from "@commander-js/extra-typings";

export function diffCommand() {
  return new Command("diff")
    .description(
      "print in what the running dispatcher runs otherwise than its configuration file says now; with --fleet, what a push would change",
    )
    .option("--fleet", "compare a file with what its fleet shares by etcd; no dispatcher need run")
    .option("-c, --config <file>", "configuration file, with --fleet")
    .option(
      "--json",
      "print JSON: {file, changes: [{cluster, backend, key, old, new}], drained: [{cluster, backend, state}]}; " +
        "old is the file's, new what runs; with --fleet {revision, changes, moving}, old is what is shared, new the file's",
    )
    .addHelpText(
      "after",
      "\nThat is what was changed by command, and what was edited and not reloaded. The status is 1 when there is something,\n" +
        "as with diff(1).\n\nExamples:\n  oneip config diff\n  oneip config diff --fleet -c oneip.yaml",
    )
    .action(async ({ json, fleet = false, config: file }) => {
      if (fleet !== (file !== undefined)) {
        const { UsageError } = await import("../input/errors.ts");
        throw new UsageError("A file is compared with what its fleet shares: give both, --fleet and -c FILE");
      }
      if (file !== undefined) return await compareWithFleet(file, json === true);
      const { ask, controlPath } = await import("../api/client.ts");
      const { describeDifference } = await import("./print_changes.ts");
      const difference = await ask(controlPath(), "difference", {});
      console.log(json ? JSON.stringify(difference, null, 2) : describeDifference(difference));
      if (difference.changes.length + difference.drained.length > 0) process.exitCode = 1;
    });
}

async function compareWithFleet(file: string, json: boolean): Promise<void> {
  const { withFleet } = await import("./with_fleet.ts");
  const { describeChanges } = await import("./print_changes.ts");
  const { revision, changes } = await withFleet(file, async (fleet) => {
    const shared = await fleet.read();
    return { revision: shared.current?.revision ?? null, changes: fleet.changesFrom(shared.current) };
  });
  if (changes.changes.length > 0) process.exitCode = 1;
  if (json) return console.log(JSON.stringify({ revision, ...changes }, null, 2));
  const from = revision === null ? "Nobody has pushed yet" : `Revision ${revision}`;
  console.log(`${from} -> ${file}\n\n${describeChanges(changes)}`);
}
