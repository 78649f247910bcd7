import { Command } from "@commander-js/extra-typings";

export function consoleCommand() {
  return new Command("console")
    .description(
      "a prompt on the running dispatcher, as routers have one: show, explain, drain, weight, reload",
    )
    .option(
      "-c, --command <line>",
      'carry out this line, such as "show backends", instead of asking for one; may be given several times',
      (line: string, before: string[] = []) => [...before, line],
    )
    .addHelpText(
      "after",
      "\nTab completes, ? says what could come next, and words may be shortened: sh ba is show backends. Where input or output is no\n" +
        "terminal, each line of standard input is carried out. Status 1 when a line fails; the lines after it are carried out all\n" +
        'the same.\n\nExamples:\n  oneip console\n  oneip console -c "show backends" -c "drain web/web2"',
    )
    .action(async ({ command: lines = [] }) => {
      const { ask, controlPath } = await import("../api/client.ts");
      const { carryOutLines, converseAtPrompt } = await import("./console_session.ts");
      const path = controlPath();
      // Where no dispatcher runs this says so, and what to do.
      const name = await ask(path, "interface", {});
      if (lines.length === 0 && process.stdin.isTTY && process.stdout.isTTY) {
        return await converseAtPrompt(path, name);
      }
      const { createInterface } = await import("node:readline");
      const isDone = await carryOutLines(
        path,
        lines.length > 0 ? lines : createInterface({ input: process.stdin }),
      );
      if (!isDone) process.exitCode = 1;
    });
}
