/** The table of the README, by the medians. */

import { FAST, NFTABLES, NOBODY, RUNTIMES, UPLINK } from "./names.ts";
import { beyondOf, type Results } from "./results.ts";
import { formatNumber, markdown } from "./table.ts";

const COLUMNS = {
  nftables: NFTABLES,
  HAProxy: "HAProxy",
  "fast path": FAST,
  "on the uplink": UPLINK,
  "TypeScript: Deno": RUNTIMES.deno,
  Node: RUNTIMES.node,
} as const;

interface Line {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  /** Values instead of ratios where there is none. */
  readonly reference?: string;
}

const LINES: readonly Line[] = [
  { id: beyondOf("whole-fixed-64-v4"), title: "CPU per 64-octet frame", unit: "ns" },
  { id: beyondOf("whole-busy-64-v4"), title: "the same, of as many as come", unit: "ns" },
  { id: "whole-rate-64-v4", title: "64-octet frames, thousands a second", unit: "" },
  ...[
    ["upload-1", "TCP upload, one flow", " Gbit/s"],
    ["upload-8", "TCP upload, 8 flows", " Gbit/s"],
    ["http-keep", "HTTP, keep-alive", "/s"],
    ["http-close", "HTTP, a connection for each request", "/s"],
  ].map(([id = "", title = "", unit = ""]) => ({ id, title, unit, reference: NOBODY })),
  { id: "added-latency-low-p50", title: "added to a round trip, p50, µs", unit: "" },
  { id: "added-latency-half-p99", title: "the same under load, p99, µs", unit: "" },
];

/** Nothing when no line was measured. */
export function formatReadmeTable(results: Results): string {
  const lines = LINES.filter(({ id }) => results.rows.some((row) => row.id === id));
  if (lines.length === 0) return "";
  const rows = lines.map(({ id, title, unit, reference }) => {
    const base = reference === undefined ? undefined : results.spread(id, reference);
    return [
      title + (reference === undefined && unit !== "" ? `, ${unit}` : ""),
      base === undefined ? "" : `${formatNumber(base.median)}${unit}`,
      ...Object.values(COLUMNS).map((subject) => {
        const spread = reference === undefined
          ? results.spread(id, subject)
          : results.ratio(id, subject, reference);
        if (spread === undefined) return "";
        return reference === undefined ? formatNumber(spread.median) : `×${spread.median.toFixed(2)}`;
      }),
    ];
  });
  return `## For the README\n\n${markdown(["", NOBODY, ...Object.keys(COLUMNS)], rows)}`;
}
