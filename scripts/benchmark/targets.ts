/** What the figures should come to, and whether they do. */

import type { Results } from "./results.ts";
import type { Spread } from "./statistics.ts";
import { formatNumber } from "./table.ts";

/** How a target came out. */
export interface Outcome {
  readonly title: string;
  readonly wanted: string;
  readonly found: string;
  readonly verdict: "met" | "short" | "skipped";
}

interface Target {
  readonly title: string;
  readonly bound: "at most" | "at least";
  readonly limit: number;
  readonly unit: string;
  find(results: Results): Spread | undefined;
}

const DENO = "oneip on Deno";
const NODE = "oneip on Node";
const BOTH = [DENO, NODE];
const TIMES = " times";

const TARGETS: readonly Target[] = [
  cpu(64, DENO, 1.10),
  cpu(64, NODE, 1.15),
  cpu(1514, DENO, 1.05),
  cpu(1514, NODE, 1.05),
  ...BOTH.map((subject) => more("upload-1", "TCP upload, one flow", subject, "no dispatcher", 0.60)),
  ...BOTH.map((subject) => more("upload-1", "TCP upload, one flow", subject, `${subject}, offloads off`, 8)),
  ...BOTH.map((subject) =>
    more("http-close", "HTTP, one request a connection", subject, "no dispatcher", 0.95)
  ),
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
  return TARGETS.map(({ title, bound, limit, unit, find }) => {
    const spread = find(results);
    const wanted = `${bound} ${unit === TIMES ? limit.toFixed(2) : limit}${unit}`;
    if (spread === undefined) return { title, wanted, found: "", verdict: "skipped" };
    const isMet = bound === "at most" ? spread.median <= limit : spread.median >= limit;
    const show = (value: number) => unit === TIMES ? value.toFixed(3) : formatNumber(value);
    const found = `${show(spread.median)} (${show(spread.least)}-${show(spread.most)})`;
    return { title, wanted, found, verdict: isMet ? "met" : "short" };
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
