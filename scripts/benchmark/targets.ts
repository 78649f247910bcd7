/** What the figures should come to, and whether they do. */

import { beyondOf, type Results } from "./results.ts";
import type { Spread } from "./statistics.ts";
import { beforeOf, CLANG, FAST, FAST_NAMES, NFTABLES, NOBODY, RUNTIMES, UPLINK } from "./names.ts";
import { formatNumber } from "./table.ts";

/** How a target came out. */
export interface Outcome {
  readonly title: string;
  readonly wanted: string;
  readonly found: string;
  /** `within the pairs`: the median is short, some pairs are not, and such a target asks for no more. */
  readonly verdict: "met" | "within the pairs" | "short" | "skipped";
}

interface Target {
  readonly title: string;
  readonly bound: "at most" | "at least";
  readonly limit: number;
  readonly unit: string;
  /** At least, as far as the pairs can tell. */
  readonly isOfThePairs?: boolean;
  find(results: Results): Spread | undefined;
}

const DENO = RUNTIMES.deno;
const NODE = RUNTIMES.node;
const BOTH = [DENO, NODE];
const TIMES = " times";

const TRAFFIC = [
  ["upload-1", "TCP upload, one flow", 0.97],
  ["upload-8", "TCP upload, 8 flows", 0.97],
  ["download-1", "TCP download, one flow", 0.97],
  ["download-8", "TCP download, 8 flows", 0.97],
  ["http-keep", "HTTP, keep-alive", 0.85],
  ["http-close", "HTTP, one request a connection", 0.90],
] as const;

const TARGETS: readonly Target[] = [
  // The fast path.
  ...FAST_NAMES.flatMap((subject) =>
    TRAFFIC.flatMap(([id, title, toNobody]) => [
      { ...more(id, title, subject, NFTABLES, 1), isOfThePairs: true },
      more(id, title, subject, NOBODY, toNobody),
    ])
  ),
  less(beyondOf("whole-fixed-64-v4"), "CPU per 64-octet IPv4 frame", FAST, DENO, 0.15),
  less(beyondOf("whole-busy-64-v4"), "CPU per 64-octet IPv4 frame", UPLINK, NFTABLES, 0.5),
  less(beyondOf("whole-busy-64-v4"), "CPU per 64-octet IPv4 frame", UPLINK, CLANG, 1.05),
  less("program-64-v4", "the program alone, 64-octet IPv4 frame", UPLINK, CLANG, 1.05),
  ...FAST_NAMES.flatMap((subject) => [
    most("added-latency-low-p50", "added to a round trip, p50", subject, 10, " µs"),
    most("added-latency-half-p99", "added to a round trip at half load, p99", subject, 100, " µs"),
  ]),
  time(
    "switch-median",
    "change of 65,536 buckets to the last frame by the old map, median of 100",
    UPLINK,
    5,
  ),
  time("switch-p90", "the same, 90 % of 100", UPLINK, 5),
  // TypeScript alone.
  ...BOTH.flatMap((subject) =>
    ["64-v4", "64-v6", "1514-v4", "1514-v6"].map((load) =>
      less(`before-after-${load}-${subject}`, `CPU per frame, ${load}`, subject, beforeOf(subject), 1.02)
    )
  ),
  cpu(64, DENO, 1.10),
  cpu(64, NODE, 1.15),
  cpu(1514, DENO, 1.05),
  cpu(1514, NODE, 1.05),
  ...BOTH.map((subject) => more("upload-1", "TCP upload, one flow", subject, NOBODY, 0.60)),
  ...BOTH.map((subject) => more("upload-1", "TCP upload, one flow", subject, `${subject}, offloads off`, 8)),
  ...BOTH.map((subject) => more("http-close", "HTTP, one request a connection", subject, NOBODY, 0.95)),
  ...BOTH.map((subject) => more("http-close", "HTTP, one request a connection", subject, "HAProxy", 1.5)),
  ...BOTH.map((subject) => time("map-live-1000-65536", "live map of 1,000 backends, one gone", subject, 50)),
  ...BOTH.map((subject) => time("map-half-1000-65536", "live map of 1,000 backends, half gone", subject, 50)),
  time("startup", "start to first forwarded frame", DENO, 400),
  ...BOTH.map((subject) => most("idle", "CPU while idle", subject, 1, " % of a core")),
  most("memory-most", "resident memory over 10 M frames of 1 M clients", DENO, 150, " MB"),
  most("memory-growth", "its growth from 1 M to 10 M frames", DENO, 5, " %"),
];

/** By the medians. */
export function judge(results: Results): Outcome[] {
  return TARGETS.map(({ title, bound, limit, unit, isOfThePairs = false, find }) => {
    const spread = find(results);
    const wanted = `${bound} ${unit === TIMES ? limit.toFixed(2) : limit}${unit}`;
    if (spread === undefined) return { title, wanted, found: "", verdict: "skipped" };
    const isMet = bound === "at most" ? spread.median <= limit : spread.median >= limit;
    const show = (value: number) => unit === TIMES ? value.toFixed(3) : formatNumber(value);
    const found = `${show(spread.median)} (${show(spread.least)}-${show(spread.most)})`;
    if (isMet) return { title, wanted, found, verdict: "met" };
    return {
      title,
      wanted,
      found,
      verdict: isOfThePairs && spread.most >= limit ? "within the pairs" : "short",
    };
  });
}

/** Of frames that come at a fixed rate: at saturation the loop in C sleeps more often than the dispatcher, which flatters us. */
function cpu(length: number, subject: string, limit: number): Target {
  return {
    title: `CPU per ${length}-octet IPv4 frame, ${subject} to C loop`,
    bound: "at most",
    limit,
    unit: TIMES,
    find: (results) => results.ratio(`cpu-fixed-${length}-v4`, subject, "C loop"),
  };
}

function more(id: string, title: string, subject: string, reference: string, limit: number): Target {
  return {
    title: `${title}, ${subject} to ${reference}`,
    bound: "at least",
    limit,
    unit: TIMES,
    find: (results) => results.ratio(id, subject, reference),
  };
}

function less(id: string, title: string, subject: string, reference: string, limit: number): Target {
  return { ...more(id, title, subject, reference, limit), bound: "at most" };
}

function time(id: string, title: string, subject: string, limit: number): Target {
  return most(id, title, subject, limit, " ms");
}

function most(id: string, title: string, subject: string, limit: number, unit: string): Target {
  return {
    title: `${title}, ${subject}`,
    bound: "at most",
    limit,
    unit,
    find: (results) => results.spread(id, subject),
  };
}
