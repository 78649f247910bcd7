/** The results as text for a person, and as bench.json. */

import type { Machine } from "./machine.ts";
import { formatReadmeTable } from "./readme_table.ts";
import type { Results } from "./results.ts";
import { formatSections, formatSkips, formatTargets } from "./table.ts";
import { judge } from "./targets.ts";

export interface Report {
  readonly results: Results;
  readonly machine: Machine;
  /** ISO 8601. */
  readonly date: string;
  readonly pairs: number;
  /** What it all took. */
  readonly seconds: number;
}

/** In Markdown. */
export function formatReport({ results, machine, date, pairs, seconds }: Report): string {
  const versions = Object.entries(machine.versions).map((words) => words.join(" ")).join(", ");
  return [
    `${date.slice(0, 10)}, commit ${machine.commit}, Linux ${machine.kernel}, ` +
    `${machine.cores} cores of ${machine.processor}; ${versions}.`,
    `Medians of ${pairs} pairs in turn, least and most in brackets; × is the ratio to the first column that a line has, ` +
    "the median of the pairs' own. What makes the load runs on the same cores.",
    formatSections(results),
    formatTargets(judge(results)),
    formatReadmeTable(results),
    formatSkips(results),
    `${seconds} s in all.`,
  ].filter((part) => part !== "").join("\n\n");
}

/** Every value: `rows[].values` has a list for each subject, a number for each pair, null where it failed. */
export function toJson({ results, ...about }: Report): string {
  const { rows, skipped, failed } = results;
  const notes = Object.fromEntries(results.notes);
  return `${JSON.stringify({ ...about, targets: judge(results), skipped, failed, notes, rows }, null, 2)}\n`;
}
