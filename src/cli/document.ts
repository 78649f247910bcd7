/** docs/commands.md, made from the command line's own descriptions. */

import type { Command } from "commander";
import { oneipProgram } from "./program.ts";

const INTRODUCTION = `\
# Commands

\`oneip COMMAND --help\` prints what this page says of a command. \`oneip\` alone lists the commands.

| exit status | means |
| --- | --- |
| 0 | done; what was checked is right |
| 1 | the command failed, or it found a fault: \`check\` of a backend, \`verify\`, \`demo\` |
| 2 | wrong usage, or a mistake in a file |

What was asked for goes to standard output, errors to standard error. With \`--json\` a command prints the same for programs: the
shape stands beside the option, and is only added to. Where a list of values belongs to an option, as in
\`--cluster 10.0.0.100 2001:db8::100\`, other arguments stand before it, or behind \`--\`.
`;

/** The whole page. */
export async function commandsDocument(): Promise<string> {
  const program = await oneipProgram() as unknown as Command;
  const commands = commandsOf(program, 2);
  const overview = commands.filter(({ command }) => command.commands.length === 0).map(({ command }) =>
    `| [\`${pathOf(command)}\`](#${pathOf(command).replaceAll(" ", "-")}) | ${cell(command.description())} |`
  );
  return [
    INTRODUCTION,
    ["| command | does |", "| --- | --- |", ...overview, ""].join("\n"),
    ...commands.map(({ command, depth }) => describeCommand(command, depth)),
  ].join("\n");
}

/** Every command that help shows, and those below it, with the depth of its heading. */
function commandsOf(command: Command, depth: number): { command: Command; depth: number }[] {
  return command.createHelp().visibleCommands(command).filter((one) => one.name() !== "help").flatMap((
    one,
  ) => [
    { command: one, depth },
    ...commandsOf(one, depth + 1),
  ]);
}

function describeCommand(command: Command, depth: number): string {
  const help = command.createHelp();
  const { text, examples } = afterHelp(command);
  const table = (head: string, rows: readonly (readonly [string, string])[]) =>
    rows.length === 0 ? [] : [
      `| ${head} | |`,
      "| --- | --- |",
      ...rows.map(([term, description]) => `| \`${cell(term)}\` | ${cell(description)} |`),
      "",
    ];
  return [
    `${"#".repeat(depth)} ${pathOf(command)}`,
    "",
    sentence(command.description()),
    "",
    ...(command.commands.length > 0 ? [] : ["```", help.commandUsage(command), "```", ""]),
    ...table(
      "argument",
      help.visibleArguments(command).map((one) => [help.argumentTerm(one), help.argumentDescription(one)]),
    ),
    ...table(
      "option",
      help.visibleOptions(command).filter(({ long }) => long !== "--help").map((one) => [
        help.optionTerm(one),
        `${help.optionDescription(one)}${one.mandatory ? " (required)" : ""}`,
      ]),
    ),
    ...(text === "" ? [] : [text, ""]),
    ...(examples === "" ? [] : ["```sh", examples, "```", ""]),
  ].join("\n");
}

/** What a command's help has behind the options: paragraphs, then examples. */
function afterHelp(command: Command): { text: string; examples: string } {
  let printed = "";
  command.configureOutput({ writeOut: (text) => printed += text, getOutHelpWidth: () => 80 });
  command.outputHelp();
  const [text = "", examples = ""] = printed.slice(command.helpInformation().length).split(/^Examples?:\n/m);
  return { text: text.trim(), examples: examples.replaceAll(/^ {2}/gm, "").trim() };
}

/** `oneip backend check` */
function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** Text in a cell of a table. */
function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}
