/** The words of a line: which command they mean, though they be shortened, and which words could come next. */

import { UsageError } from "../input/errors.ts";
import type { ConsoleCommand, ConsoleParameter } from "./commands.ts";

type Commands = Readonly<Record<string, ConsoleCommand>>;

/** cliffy's own command. */
const HELP = "help";

/** Words may be in quotes, which then mean nothing: no name has a space or a quote. */
export function wordsOf(line: string): string[] {
  return line.replaceAll(/["']/g, " ").split(/\s+/).filter((word) => word !== "");
}

/**
 * The same words in full. Throws UsageError when they are no command, or could be several, or when something is missing, or too much.
 */
export function inFull(words: readonly string[], commands: Commands): string[] {
  const [first, ...others] = words;
  if (first === HELP) return [HELP, ...followed(others, commands).path];
  const { path, command, rest } = followed(words, commands);
  const { subcommands, parameters = [] } = command!;
  if (subcommands !== undefined) {
    const all = Object.keys(subcommands).map((word) => [...path, word].join(" "));
    throw new UsageError(`${path.join(" ")} what? Use ${listOf(all)}`);
  }
  const usage = usageOf(path, command!);
  const required = parameters.filter(({ optional }) => !optional);
  const missing = required[rest.length];
  if (missing !== undefined) throw new UsageError(`Which ${missing.label}? Use ${usage}`);
  if (rest.length > parameters.length && !parameters.at(-1)?.rest) {
    throw new UsageError(`"${rest[parameters.length]}" is too much; use ${usage}`);
  }
  return [...path, ...rest.map((word, index) => wordFor(parameters[index], word, usage))];
}

/** What could stand in the place of the last of these words, with what it means where it is a command. */
export async function nextWords(
  words: readonly string[],
  commands: Commands,
): Promise<(readonly [word: string, description: string])[]> {
  const before = words.slice(0, -1);
  const begun = words.at(-1) ?? "";
  let places: (readonly [string, string])[];
  try {
    places = await placesAfter(before, commands);
  } catch {
    return []; // No command begins so, or nobody answers who knows the names.
  }
  return places.filter(([word]) => word.startsWith(begun));
}

/** How a command is used: `drain BACKEND [now]`. */
export function usageOf(path: readonly string[], { parameters = [] }: ConsoleCommand): string {
  return [...path, ...parameters.map(termOf)].join(" ");
}

async function placesAfter(
  before: readonly string[],
  commands: Commands,
): Promise<(readonly [string, string])[]> {
  const isHelp = before[0] === HELP;
  const { path, command, rest } = followed(isHelp ? before.slice(1) : before, commands);
  const level = command === undefined ? commands : command.subcommands;
  if (level !== undefined) {
    if (rest.length > 0) return [];
    const entries = Object.entries(level).map(([word, { description = "" }]) => [word, description] as const);
    return path.length > 0 || isHelp ? entries : [...entries, [HELP, "what commands do: help COMMAND"]];
  }
  if (isHelp) return [];
  const parameters = command!.parameters ?? [];
  const parameter = parameters[rest.length] ?? (parameters.at(-1)?.rest ? parameters.at(-1) : undefined);
  const { words, names, description = "" } = parameter ?? {};
  const known = words ?? await names?.() ?? [];
  return known.map((word) => [word, description] as const);
}

/** As far as the words lead to a command. Throws UsageError when one is no command. `command` is undefined for no words. */
function followed(words: readonly string[], commands: Commands) {
  const path: string[] = [];
  let command: ConsoleCommand | undefined;
  let level: Commands | undefined = commands;
  for (const word of words) {
    if (level === undefined) break;
    const other: string | undefined = Object.entries(level).find(([, { aliases }]) => aliases?.includes(word))
      ?.[0];
    const full: string = other ?? meant(word, Object.keys(level), path);
    path.push(full);
    command = level[full]!;
    level = command.subcommands;
  }
  return { path, command, rest: words.slice(path.length) };
}

/** The word that a person means by its beginning. */
function meant(word: string, all: readonly string[], path: readonly string[]): string {
  if (all.includes(word)) return word;
  const found = all.filter((one) => one.startsWith(word));
  if (found.length === 1) return found[0]!;
  const [what, words] = found.length === 0 ? ["is no command", all] : ["could be several", found];
  throw new UsageError(
    `"${[...path, word].join(" ")}" ${what}; use ${listOf(words.map((one) => [...path, one].join(" ")))}`,
  );
}

function wordFor(parameter: ConsoleParameter | undefined, word: string, usage: string): string {
  const words = parameter?.words;
  if (words === undefined || words.includes(word)) return word;
  const found = words.filter((one) => one.startsWith(word));
  if (found.length === 1) return found[0]!;
  throw new UsageError(`"${word}" will not do; use ${usage}, with ${listOf(words)}`);
}

function termOf(parameter: ConsoleParameter): string {
  const term = parameter.words?.join("|") ?? parameter.label.toUpperCase();
  return parameter.optional ? `[${term}]` : parameter.rest ? `${term}...` : term;
}

function listOf(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
