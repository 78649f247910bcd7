/** The tables, in Markdown, so that they can go into the README as they are. */

import type { Results, Row } from "./results.ts";
import type { Spread } from "./statistics.ts";
import type { Outcome } from "./targets.ts";

/** All sections: a heading, then a line for each figure and a column for each subject. */
export function formatSections(results: Results): string {
  const sections = Map.groupBy(results.rows, ({ section }) => section);
  return [...sections].map(([section, rows]) => {
    const subjects = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))];
    const lines = rows.map((row) => [
      `${row.title}, ${row.unit}`,
      ...subjects.map((subject) => formatCell(results, row, subject)),
    ]);
    const note = results.notes.get(section);
    return [`## ${section}`, ...(note === undefined ? [] : [note]), markdown(["", ...subjects], lines)].join(
      "\n\n",
    );
  }).join("\n\n");
}

/** Median, in brackets the least and the most; behind them the ratio to the line's reference. */
export function formatCell(results: Results, row: Row, subject: string): string {
  const spread = results.spread(row.id, subject);
  if (spread === undefined) return subject in row.values ? "failed" : "";
  const ratio = row.reference === undefined || subject === row.reference
    ? undefined
    : results.ratio(row.id, subject, row.reference);
  return formatSpread(spread) + (ratio === undefined ? "" : ` ×${ratio.median.toFixed(2)}`);
}

export function formatSpread({ median, least, most }: Spread): string {
  return `${formatNumber(median)} (${formatNumber(least)}-${formatNumber(most)})`;
}

/** Three digits that count, or all of a whole number's. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Those that were measured, with a heading; nothing when none was. */
export function formatTargets(outcomes: readonly Outcome[]): string {
  const measured = outcomes.filter(({ verdict }) => verdict !== "skipped");
  if (measured.length === 0) return "";
  const rows = measured.map(({ title, wanted, found, verdict }) => [title, wanted, found, verdict]);
  const others = outcomes.length - measured.length;
  return [
    `## Targets\n\n${markdown(["target", "wanted", "found", ""], rows)}`,
    ...(others > 0 ? [`${others} more were not measured.`] : []),
  ].join("\n\n");
}

export function formatSkips(results: Results): string {
  return [
    ...results.skipped.map(({ what, why }) => `- Skipped: ${what}: ${why}`),
    ...results.failed.map(({ what, why }) => `- Failed: ${what}: ${why}`),
  ].join("\n");
}

export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines.map((line) => `| ${line.map((text, column) => text.padEnd(widths[column]!)).join(" | ")} |`)
    .join("\n");
}
