import { Command, InvalidArgumentError } from "@commander-js/extra-typings";

export function pushCommand() {
  return new Command("push")
    .description(
      "share a file's clusters by etcd with all dispatchers of its fleet, which go on by them at once",
    )
    .requiredOption("-c, --config <file>", "configuration file, with fleet.etcd")
    .option(
      "--over <revision>",
      "only in place of this revision, as config diff --fleet prints it",
      parseRevision,
    )
    .option(
      "--json",
      "print JSON: {revision, changes, moving}; as config diff --fleet prints it, but the new revision",
    )
    .addHelpText(
      "after",
      "\nA file with a mistake is not pushed. What a dispatcher cannot take it refuses: it says so in its log and in its status,\n" +
        "and goes on by what it had.\n\nExample:\n  oneip config push -c oneip.yaml",
    )
    .action(async ({ config: file, over, json }) => {
      const { withFleet } = await import("./with_fleet.ts");
      const { describeChanges } = await import("./print_changes.ts");
      const pushed = await withFleet(file, async (fleet) => {
        const shared = await fleet.read();
        const text = fleet.text();
        if (shared.current?.text === text) {
          return { revision: shared.current.revision, changes: [], moving: [] };
        }
        const revision = await fleet.push(text, { over, shared });
        return { revision, ...changesOrNone(() => fleet.changesFrom(shared.current)) };
      });
      if (json) return console.log(JSON.stringify(pushed, null, 2));
      console.log(
        `Revision ${pushed.revision} is what ${file} says.\n\n${describeChanges(pushed)}`,
      );
    });
}

export function parseRevision(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("Use a revision such as 42.");
  return Number(text);
}

/** What was there may have been no configuration. */
function changesOrNone<T>(changes: () => T) {
  try {
    return changes();
  } catch {
    return { changes: [], moving: [] };
  }
}
