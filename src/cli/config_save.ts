import { Command } from "@commander-js/extra-typings";

export function saveCommand() {
  return new Command("save")
    .description("write what the running dispatcher runs by into its configuration file")
    .option(
      "--json",
      "print JSON: {file, before, changes, drained}; before is the file with the text of before, null when nothing was " +
        "written; the rest is as config diff prints it",
    )
    .addHelpText(
      "after",
      "\nComments, order, and all that is the same stay as they are. What was edited in the file and not reloaded is lost\n" +
        "from it, but FILE.before has the text of before. A drain is not written: no file can say it.\n\n" +
        "Example:\n  oneip config save",
    )
    .action(async ({ json }) => {
      const { readFileSync } = await import("node:fs");
      const { ask, controlPath } = await import("../api/client.ts");
      const { textWith } = await import("../cluster/save_changes.ts");
      const { replaceFile } = await import("../system/replace_file.ts");
      const { describeSaved } = await import("./print_changes.ts");
      const { file, changes, drained } = await ask(controlPath(), "difference", {});
      const before = changes.length === 0
        ? null
        : replaceFile(file, textWith(changes, readFileSync(file, "utf8"), file));
      const saved = { file, before, changes, drained };
      console.log(json ? JSON.stringify(saved, null, 2) : describeSaved(saved));
    });
}
