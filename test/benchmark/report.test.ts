import { describe, expect, test } from "vitest";
import { drawChart } from "../../scripts/benchmark/chart.ts";
import { type Figure, Results } from "../../scripts/benchmark/results.ts";
import { percentile, ratios, spreadOf } from "../../scripts/benchmark/statistics.ts";
import { addBeyond } from "../../scripts/benchmark/cost.ts";
import { formatReadmeTable } from "../../scripts/benchmark/readme_table.ts";
import { formatNumber, formatSections, formatSkips } from "../../scripts/benchmark/table.ts";
import { judge } from "../../scripts/benchmark/targets.ts";

const CPU: Figure = {
  section: "Forwarding",
  id: "cpu-fixed-64-v4",
  title: "CPU per frame",
  unit: "ns",
  better: "less",
  reference: "C loop",
  charted: true,
};

/** Three pairs; the machine was twice as slow in the second, and the third of Node failed. */
function measured(): Results {
  const results = new Results();
  for (const value of [1000, 2000, 1000]) results.record(CPU, "C loop", value);
  for (const value of [1050, 2100, 1200]) results.record(CPU, "TypeScript on Deno", value);
  for (const value of [1200, 2400, null]) results.record(CPU, "TypeScript on Node", value);
  results.fail("CPU per frame, TypeScript on Node, pair 3", "it ended");
  results.skip("VDE 2", "there is no vde_switch on this machine");
  results.skip("VDE 2", "there is no vde_switch on this machine");
  return results;
}

describe("statistics", () => {
  test("median, least and most", () => {
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3 });
    expect(spreadOf([4, 1])).toEqual({ median: 2.5, least: 1, most: 4 });
    expect(spreadOf([])).toBeUndefined();
  });

  test("percentiles fall between neighbours", () => {
    expect([0, 50, 99, 100].map((percent) => percentile([10, 20, 30], percent))).toEqual([10, 20, 29.8, 30]);
  });

  test("ratios are those of the pairs, without the pairs that lack a half", () => {
    expect(ratios([2, null, 6, 8], [1, 2, null])).toEqual([2]);
    expect(measured().ratio(CPU.id, "TypeScript on Deno", "C loop")).toEqual({
      median: 1.05,
      least: 1.05,
      most: 1.2,
    });
  });
});

test("the table has a line for each figure, with spread and ratio, and says what is missing", () => {
  const results = measured();
  results.note("Forwarding", "One core each.");
  expect(formatSections(results)).toBe(`## Forwarding

One core each.

|                   | C loop              | TypeScript on Deno        | TypeScript on Node        |
| ---               | ---                 | ---                       | ---                       |
| CPU per frame, ns | 1,000 (1,000-2,000) | 1,200 (1,050-2,100) ×1.05 | 1,800 (1,200-2,400) ×1.20 |`);
  expect(formatSkips(results)).toBe(
    "- Skipped: VDE 2: there is no vde_switch on this machine\n" +
      "- Failed: CPU per frame, TypeScript on Node, pair 3: it ended",
  );
});

test("a subject that failed in every pair is not passed over", () => {
  const results = new Results();
  results.record(CPU, "C loop", 1000);
  results.record(CPU, "TypeScript on Deno", null);
  expect(formatSections(results)).toContain("| failed ");
});

test.each([[1234.5, "1,235"], [123.4, "123"], [12.34, "12.3"], [1.234, "1.23"], [7, "7"], [0.05, "0.05"]])(
  "%d is written %s",
  (value, text) => expect(formatNumber(value)).toBe(text),
);

test("a target is met, short or skipped by its median", () => {
  const verdicts = Object.fromEntries(judge(measured()).map(({ title, verdict }) => [title, verdict]));
  expect(verdicts).toMatchObject({
    "CPU per 64-octet IPv4 frame, TypeScript on Deno to C loop": "met",
    "CPU per 64-octet IPv4 frame, TypeScript on Node to C loop": "short",
    "start to first forwarded frame, TypeScript on Deno": "skipped",
  });
  const found = judge(measured()).find(({ verdict }) => verdict === "short")!.found;
  expect(found, "so many digits that a near miss is seen").toBe("1.200 (1.200-1.200)");
});

test("who is to be level with another one is so, when some pairs say it", () => {
  const results = new Results();
  const figure: Figure = { ...CPU, id: "http-keep", better: "more", reference: "no dispatcher" };
  for (const value of [100, 100, 100]) results.record(figure, "nftables", value);
  for (const value of [90, 101, 95]) results.record(figure, "oneip, fast path", value);
  for (const value of [90, 99, 95]) results.record(figure, "oneip, fast path on the uplink", value);
  const verdicts = judge(results).filter(({ verdict }) => verdict !== "skipped");
  expect(verdicts.map(({ verdict }) => verdict)).toEqual(["within the pairs", "short"]);
});

test("what a frame costs the machine is the difference to no dispatcher, pair by pair, and goes into the README's table", () => {
  const results = new Results();
  const figure: Figure = { ...CPU, id: "whole-busy-64-v4", title: "CPU per frame", reference: "nftables" };
  for (const value of [1000, 2000, null]) results.record(figure, "no dispatcher", value);
  for (const value of [1500, 2700, 1500]) results.record(figure, "nftables", value);
  addBeyond(results, figure.id);
  expect(results.rows.at(-1)).toMatchObject({
    title: "more: CPU per frame",
    values: { nftables: [500, 700, null] },
  });
  expect(formatReadmeTable(results)).toMatch(/the same, of as many as come, ns \| +\| 600 /);
});

test("the chart has a bar for each ratio, none for the reference, and no end before its last one", () => {
  const results = measured();
  results.record({ ...CPU, id: "more", title: "a < b & c" }, "C loop", 1);
  results.record({ ...CPU, id: "more", title: "a < b & c" }, "TypeScript on Deno", 100);
  const svg = drawChart(results);
  expect(svg.match(/<rect /g)).toHaveLength(3);
  expect(svg).toContain(">1.05</text>");
  expect(svg).toContain("a &lt; b &amp; c");
  expect(svg).toContain("prefers-color-scheme: dark");
  const height = Number(/height="(\d+)" role/.exec(svg)![1]);
  const bottoms = [...svg.matchAll(/<rect x="\d+" y="(\d+)"/g)].map(([, y]) => Number(y) + 14);
  expect(Math.max(...bottoms)).toBeLessThanOrEqual(height);
  // A bar that is too long ends where its number still has room.
  const ends = [...svg.matchAll(/<rect x="(\d+)" y="\d+" width="([\d.]+)"/g)].map(([, x, width]) =>
    Number(x) + Number(width)
  );
  expect(Math.max(...ends)).toBeLessThan(800);
});
