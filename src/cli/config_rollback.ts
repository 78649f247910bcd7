import { Command } from "@commander-js/extra-typings";
import { parseRevision } from "./config_push.ts";

export function rollbackCommand() {
  return new Command("rollback")
    .description("share by etcd what a fleet has shared before")
    .argument("<revision>", "as config history prints it", parseRevision)
    .requiredOption("-c, --config <file>", "configuration file, with fleet.etcd")
    .option("--json", "print JSON: {revision}, the new one")
    .addHelpText(
      "after",
      "\nThat is a push, too, so it gets a new revision. The file stays as it is: pull writes it, or put it right where it\n" +
        "comes from.\n\nExample:\n  oneip config rollback 42 -c oneip.yaml",
    )
    .action(async (wanted, { config: file, json }) => {
      const { NoneSuchError } = await import("../input/errors.ts");
      const { withFleet } = await import("./with_fleet.ts");
      const revision = await withFleet(file, async (fleet) => {
        const shared = await fleet.read();
        const found = shared.history.find(({ revision }) => revision === wanted);
        if (found === undefined) {
          const known = shared.history.map(({ revision }) => revision);
          throw new NoneSuchError(
            `There is no revision ${wanted} in the history; use ${known.join(", ") || "config push"}`,
          );
        }
        return await fleet.push(found.text, { over: undefined, note: `back to revision ${wanted}`, shared });
      });
      if (json) return console.log(JSON.stringify({ revision }, null, 2));
      console.log(`Revision ${revision} is what revision ${wanted} was.`);
    });
}
