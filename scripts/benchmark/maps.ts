/** How long the bucket maps take. They are computed on the main thread, while the data plane's workers go on. */

import { fileURLToPath } from "node:url";
import { runChecked } from "../../src/system/programs.ts";
import type { Figure } from "./results.ts";
import { type Runtime, RUNTIME_NAMES, RUNTIMES } from "./names.ts";
import type { Subject } from "./subjects.ts";
import { type Bench, inTurn, type Turn } from "./turns.ts";

const SECTION = "Bucket maps";
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const BIN = `${ROOT}node_modules/.bin/`;
const TIMER = `${ROOT}scripts/benchmark/map_timer.ts`;

/** How the dispatcher is started, but for the permissions. */
const COMMANDS: Record<Runtime, readonly string[]> = {
  deno: [`${BIN}deno`, "run", "--quiet", "-A", "--config", `${ROOT}deno.json`, TIMER],
  node: [`${BIN}node`, "--disable-warning=ExperimentalWarning", TIMER],
};

export async function maps(bench: Bench): Promise<void> {
  const subjects = bench.subjects.filter(({ name }) => RUNTIME_NAMES.includes(name));
  const turns = [16, 256, 1000].flatMap((backends) =>
    [4096, 65536].map((buckets): Turn => ({
      figures: figuresOf(backends, buckets),
      subjects,
      measure: (subject) => time(subject, backends, buckets),
    }))
  );
  await inTurn(bench, turns);
  bench.results.note(
    SECTION,
    "Each in a process that has just started. The main thread computes them; the data plane has a thread of its own.",
  );
}

async function time({ name }: Subject, backends: number, buckets: number): Promise<number[]> {
  const runtime = name === RUNTIMES.deno ? "deno" : "node";
  const printed = await runChecked([...COMMANDS[runtime], String(backends), String(buckets)]);
  const { base, one, half } = JSON.parse(printed) as { base: number; one: number; half: number };
  return [one, half, base];
}

function figuresOf(backends: number, buckets: number): Figure[] {
  const of = `${backends.toLocaleString("en")} backends, ${buckets.toLocaleString("en")} buckets`;
  const common = { section: SECTION, unit: "ms", better: "less" } as const;
  const id = `${backends}-${buckets}`;
  return [
    { ...common, id: `map-live-${id}`, title: `live map without one of ${of}` },
    { ...common, id: `map-half-${id}`, title: `live map without half of ${of}` },
    { ...common, id: `map-base-${id}`, title: `base map, ${of}` },
  ];
}
