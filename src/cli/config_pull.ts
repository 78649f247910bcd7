import { Command } from "@commander-js/extra-typings";

export function pullCommand() {
  return new Command("pull")
    .description("write the clusters that a fleet shares by etcd into a file")
    .requiredOption("-c, --config <file>", "configuration file, with fleet.etcd")
    .option("--print", "print them, and write nothing")
    .option(
      "--json",
      "print JSON: {revision, before}; before is the file with the text of before, null when nothing was written",
    )
    .addHelpText(
      "after",
      "\nAll else in the file stays as it is, and FILE.before has the text of before. A dispatcher that starts while etcd is away\n" +
        "goes by the clusters of its file.\n\nExample:\n  oneip config pull -c oneip.yaml",
    )
    .action(async ({ config: file, print = false, json }) => {
      const { readFileSync } = await import("node:fs");
      const { UsageError } = await import("../input/errors.ts");
      const { withSharedPart } = await import("../fleet/etcd/shared_config.ts");
      const { replaceFile } = await import("../system/replace_file.ts");
      const { withFleet } = await import("./with_fleet.ts");
      const shared = await withFleet(file, async (fleet) => (await fleet.read()).current);
      if (shared === undefined) {
        throw new UsageError("Nobody has pushed a configuration yet: use oneip config push");
      }
      if (print) return console.log(shared.text.trimEnd());
      const text = readFileSync(file, "utf8");
      const next = withSharedPart(text, shared.text, file);
      const before = next === text ? null : replaceFile(file, next);
      if (json) return console.log(JSON.stringify({ revision: shared.revision, before }, null, 2));
      console.log(
        before === null
          ? `${file} says revision ${shared.revision} already.`
          : `${file} says revision ${shared.revision} now. The text of before is in ${before}.`,
      );
    });
}
