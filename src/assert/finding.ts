/** What is found of a question such as "does this client reach the cluster address?", and how a test fails with it. */

import { AssertionError } from "node:assert";
import type { LabNode } from "../lab/lab.ts";

/** The answer to such a question. */
export interface Finding {
  /** Does it hold? */
  readonly pass: boolean;
  /** What was found, for both answers: "client1 does not reach 10.0.0.100: ...". */
  readonly sentence: string;
  /** What was seen that shows it, and where; a line each. */
  readonly seen: readonly string[];
  /** Commands that look further while the lab is up. None where it holds. */
  readonly look: readonly string[];
}

/** As a test prints it. */
export function describeFinding({ sentence, seen, look }: Finding): string {
  const block = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? "" : `\n\n${title}:\n${lines.map((line) => `  ${line}`).join("\n")}`;
  return `${sentence}${block("Seen", seen)}${block("Look further", look)}`;
}

/**
 * For tests without vitest: `await must(reaches(client, "10.0.0.100"))`. Throws an AssertionError, with all that was seen, when it does not
 * hold.
 */
export async function must(finding: Finding | Promise<Finding>): Promise<Finding> {
  const found = await finding;
  if (!found.pass) throw new AssertionError({ message: describeFinding(found), stackStartFn: must });
  return found;
}

/** The opposite: throws when it holds. */
export async function mustNot(finding: Finding | Promise<Finding>): Promise<Finding> {
  const found = await finding;
  if (found.pass) throw new AssertionError({ message: describeFinding(found), stackStartFn: mustNot });
  return found;
}

/** Lines of one kind that are printed. */
const MOST_LINES = 6;

/** The first ones, and how many there are besides. */
export function firstOf(lines: readonly string[]): string[] {
  const rest = lines.length - MOST_LINES;
  return rest <= 1 ? [...lines] : [...lines.slice(0, MOST_LINES), `and ${rest} more`];
}

/** "1 client", "2 clients" */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Each name once. */
export function listOf(names: Iterable<string>): string {
  return [...new Set(names)].sort().join(", ");
}

/** The command that runs another one on a node. */
export function execCommand(node: LabNode, command: string): string {
  return `oneip lab exec ${node.lab.name} ${node.plan.name} ${command}`;
}

/** An interface of a node. */
export interface Place {
  readonly node: string;
  readonly interface: string;
}

/** The command that shows the frames of a place. */
export function captureCommand(node: LabNode, place: Place): string {
  return `oneip lab capture ${node.lab.name} ${formatPlace(place)}`;
}

export function formatPlace({ node, interface: name }: Place): string {
  return `${node}:${name}`;
}
