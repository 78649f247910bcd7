import { Command } from "@commander-js/extra-typings";

/** Where the output is no terminal. */
const PAGE_COLUMNS = 100;

export function topCommand() {
  return new Command("top")
    .description(
      "show the running dispatcher live: backends with their rates, what is dropped, and events; drain by a key",
    )
    .addHelpText(
      "after",
      "\nDrawn each second. Keys: s sorts, arrows or j and k move, d drains the selected backend after a question, u undrains it,\n" +
        "? helps, q quits. Where input or output is no terminal it prints one page, after a second, and ends.\n\n" +
        "Examples:\n  oneip top\n  oneip top | head -30",
    )
    .action(async () => {
      const { controlPath } = await import("../api/client.ts");
      const { pageOnce, showLive } = await import("../top/top.ts");
      const isLive = process.stdin.isTTY && process.stdout.isTTY && process.env["TERM"] !== "dumb";
      if (isLive) process.exitCode = await showLive(controlPath());
      else console.log(await pageOnce(controlPath(), process.stdout.columns || PAGE_COLUMNS));
    });
}
