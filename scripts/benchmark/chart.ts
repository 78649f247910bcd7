/** The chart: a group of bars for each charted figure, a bar for each subject, as long as its ratio to the reference. */

import type { Results, Row } from "./results.ts";

const WIDTH = 860;
const LABEL_END = 300;
const BARS_END = 780;
const BAR = 14;
const LINE = 18;
const GROUP_GAP = 34;
/** Longer bars are cut off, and say so by their number. */
const LONGEST = 3;

/** They hold on white and on black. */
const COLOURS = ["#4c8bf5", "#2aa876", "#e0803a", "#b667d1", "#d64f6b", "#8a8f98", "#c2a21c", "#1fa3b8"];

/** A whole SVG document. Text and lines follow the reader's light or dark mode. */
export function drawChart(results: Results): string {
  const rows = results.rows.filter(({ charted, reference }) => charted === true && reference !== undefined);
  const subjects = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))];
  const parts: string[] = [];
  let y = 60;
  for (const row of rows) {
    const bars = barsOf(results, row, subjects);
    if (bars.length === 0) continue;
    parts.push(
      text(16, y, `${row.section}: ${row.title} (${row.better} is better; 1 is ${row.reference})`, "title"),
    );
    for (const { subject, ratio } of bars) {
      y += LINE;
      const end = x(ratio);
      parts.push(
        text(LABEL_END - 8, y, subject, "name"),
        `<rect x="${LABEL_END}" y="${y - BAR + 3}" width="${(end - LABEL_END).toFixed(1)}" height="${BAR}" ` +
          `rx="2" fill="${COLOURS[subjects.indexOf(subject) % COLOURS.length]}"/>`,
        text(end + 6, y, ratio.toFixed(2), "value"),
      );
    }
    y += GROUP_GAP;
  }
  const one = x(1);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" ` +
    `role="img" aria-label="oneip compared">`,
    "<style>",
    "text { font: 13px system-ui, sans-serif; fill: #1f2328; }",
    ".title { font-weight: 600; } .name { text-anchor: end; } .heading { font-size: 16px; font-weight: 600; }",
    ".one { stroke: #1f2328; stroke-dasharray: 3 3; }",
    "@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } .one { stroke: #e6edf3; } }",
    "</style>",
    text(16, 26, "Ratios, medians of pairs", "heading"),
    ...parts,
    `<line class="one" x1="${one}" y1="40" x2="${one}" y2="${y - GROUP_GAP + 6}"/>`,
    "</svg>",
    "",
  ].join("\n");
}

function barsOf(
  results: Results,
  row: Row,
  subjects: readonly string[],
): { subject: string; ratio: number }[] {
  return subjects.flatMap((subject) => {
    if (subject === row.reference) return [];
    const ratio = results.ratio(row.id, subject, row.reference!)?.median;
    return ratio === undefined ? [] : [{ subject, ratio }];
  });
}

function x(ratio: number): number {
  return LABEL_END + Math.min(ratio, LONGEST) * (BARS_END - LABEL_END) / LONGEST;
}

function text(x: number, y: number, words: string, style: string): string {
  const escaped = words.replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign]!);
  return `<text class="${style}" x="${x.toFixed(1)}" y="${y}">${escaped}</text>`;
}
