/**
 * Plain frames through each forwarder, dropped right behind it, so that only the forwarder is measured: CPU time of the whole
 * process per frame, frames a second at saturation, resident memory.
 */

import { cpus } from "node:os";
import type { Load } from "./frames.ts";
import { cpuNs, residentMb } from "./process.ts";
import type { Figure } from "./results.ts";
import { RUNTIME_NAMES } from "./names.ts";
import { needing, type Subject } from "./subjects.ts";
import type { Testbed } from "./testbed.ts";
import { type Passed, passThrough } from "./passing.ts";
import { type Bench, inTurn, Running, type Turn } from "./turns.ts";

/** Frames a second of the fixed rate, where all can forward as many; else the half, a quarter, ... */
const FASTEST_RATE = 100_000;
const LEAST_RATE = 1000;
const WITH_PROCESS = ["C loop", "C loop, virtio header", "VDE 2", ...RUNTIME_NAMES];
/** Of the fixed rate; with less the figure would be that of another rate. */
const ENOUGH = 0.8;
/** So often is measured again, when something else on the machine has kept frames back: for some five minutes. */
const ATTEMPTS = 600;
/** The loads have the first core, what is measured the second: else the two would meet on one at the scheduler's whim. */
export const OWN_CORE = cpus().length > 1 ? 1 : undefined;

export const LOADS: readonly Load[] = [64, 512, 1514].flatMap((length) =>
  [
    { family: "IPv4", length },
    { family: "IPv6", length },
  ] satisfies Load[]
);
/** The sizes between show nothing new of saturation. */
const isExtreme = ({ family, length }: Load) => length === 64 || (length === 1514 && family === "IPv4");

export async function forwarding(bench: Bench): Promise<void> {
  if (await lacksLoads(bench)) return;
  const { bed } = bench;
  await using running = await Running.start(bench, WITH_PROCESS, OWN_CORE);
  await discardBehind(bed, running);
  const subjects = running.subjects();
  const fixedRate = await rateForAll(
    subjects,
    (subject, load, rate) => forward(bed, running, subject, load, rate),
  );
  const atFixedRate: Turn[] = LOADS.map((load) => ({
    figures: [fixed(load, fixedRate)],
    subjects,
    measure: async (subject) => [await cpuNsAt(bed, running, subject, load, fixedRate)],
  }));
  const saturated = LOADS.filter(isExtreme).map((load): Turn => ({
    figures: [rate(load), busy(load), ...(load.length === 64 && load.family === "IPv4" ? [MEMORY] : [])],
    subjects,
    measure: async (subject: Subject) => {
      const { cpuNs, framesPerSecond } = await forward(bed, running, subject, load);
      return [framesPerSecond / 1000, cpuNs, residentMb(running.pidOf(subject))];
    },
  }));
  await inTurn(bench, [...saturated, ...atFixedRate]);
  bench.results.note(
    COMMON.section,
    "The load comes from the first core, each forwarder has the second, and the CPU of its process alone counts. What it sends is " +
      "dropped at the next interface, so that no receiver is measured.",
  );
  await passBehind(bed, running);
}

/** One queue and two. What the dispatcher gains by a second core, as far as the machine has one left for it. */
export async function queues(bench: Bench): Promise<void> {
  if (await lacksLoads(bench)) return;
  const names = RUNTIME_NAMES;
  await using running = await Running.start(bench, names.flatMap((name) => [name, `${name}, 2 queues`]));
  await discardBehind(bench.bed, running);
  const load: Load = { family: "IPv4", length: 64 };
  // One queue alone would show nothing.
  const both = names.filter((name) => running.subjects(name, `${name}, 2 queues`).length === 2);
  await inTurn(
    bench,
    both.map((name) => ({
      figures: [scaling(rate(load), name), scaling(busy(load), name)],
      subjects: running.subjects(name, `${name}, 2 queues`),
      measure: async (subject) => {
        const { cpuNs, framesPerSecond } = await forward(bench.bed, running, subject, load);
        return [framesPerSecond / 1000, cpuNs];
      },
    })),
  );
  await passBehind(bench.bed, running);
  const cores = cpus().length;
  bench.results.note(
    SCALING,
    `The load fills one of the ${cores} cores. Two queues can show a gain only when two more are free` +
      (cores < 3 ? "; they are not here, so this shows what a second queue costs, not what it gains." : "."),
  );
}

/** Are the programs missing that make the loads? Then it says so. */
export async function lacksLoads({ results }: Bench): Promise<boolean> {
  const { missing } = await needing("trafgen", "tcpreplay");
  if (missing !== undefined) results.skip("plain frames", missing);
  return missing !== undefined;
}

export async function discardBehind(bed: Testbed, running: Running): Promise<void> {
  for (const { output } of running.subjects()) {
    await bed.watch(output!);
    await bed.discardAt(output!);
  }
}

/** A TAP that comes back under its name would be found by the rule again. */
export async function passBehind(bed: Testbed, running: Running): Promise<void> {
  for (const { output } of running.subjects()) await bed.discardNoMore(output!);
}

/**
 * A rate that all of these can forward on this machine. At saturation the fast ones are through with their queue sooner, sleep and
 * are woken more often, which is part of their cost; at a fixed rate all are woken alike.
 */
export async function rateForAll(
  subjects: readonly Subject[],
  forward: (subject: Subject, load: Load, rate: number) => Promise<Passed>,
): Promise<number> {
  let rate = FASTEST_RATE;
  for (const subject of subjects) {
    while (rate > LEAST_RATE && !isEnough(await forward(subject, LOADS.at(-1)!, rate), rate)) {
      rate /= 2;
    }
  }
  return rate;
}

/** CPU time for each frame at a rate that all can forward. */
export function cpuNsAt(
  bed: Testbed,
  running: Running,
  subject: Subject,
  load: Load,
  rate: number,
): Promise<number> {
  return enough(rate, () => forward(bed, running, subject, load, rate));
}

/** CPU time for each frame, measured until enough of them came through. */
export async function enough(rate: number, forward: () => Promise<Passed>): Promise<number> {
  for (let attempt = 1;; attempt++) {
    const found = await forward();
    if (isEnough(found, rate)) return found.cpuNs;
    if (attempt === ATTEMPTS) {
      throw new Error(
        `${attempt} times fewer than ${rate} frames a second came through, ${
          Math.round(found.framesPerSecond)
        } at last`,
      );
    }
  }
}

function isEnough({ framesPerSecond }: Passed, rate: number): boolean {
  return framesPerSecond >= rate * ENOUGH;
}

export function forward(
  bed: Testbed,
  running: Running,
  subject: Subject,
  load: Load,
  rate?: number,
): Promise<Passed> {
  const pid = running.pidOf(subject);
  const { name, mac, output } = subject;
  return passThrough(bed, { name, mac, load, rate, end: output!, cpuNs: () => cpuNs(pid) });
}

const SCALING = "Scaling";
const COMMON = { section: "Forwarding", better: "less", reference: "C loop" } as const;

export function idOf({ family, length }: Load): string {
  return `${length}-${family === "IPv4" ? "v4" : "v6"}`;
}

/** CPU per frame, in words. */
export function titleAt(load: Load, rate: number): string {
  return `CPU per ${load.length}-octet ${load.family} frame at ${rate / 1000} k frames/s`;
}

function fixed(load: Load, rate: number): Figure {
  const title = titleAt(load, rate);
  return { ...COMMON, id: `cpu-fixed-${idOf(load)}`, title, unit: "ns", charted: isExtreme(load) };
}

function busy(load: Load): Figure {
  const title = `CPU per ${load.length}-octet ${load.family} frame at saturation`;
  return { ...COMMON, id: `cpu-busy-${idOf(load)}`, title, unit: "ns" };
}

function rate(load: Load): Figure {
  const title = `${load.length}-octet ${load.family} frames forwarded at saturation`;
  return {
    ...COMMON,
    id: `rate-${idOf(load)}`,
    title,
    unit: "k/s",
    better: "more",
    charted: isExtreme(load),
  };
}

const MEMORY: Figure = {
  section: "Start and memory",
  id: "memory",
  title: "resident memory after forwarding",
  unit: "MB",
  better: "less",
};

/** The same figure among the queues of one runtime. */
function scaling({ id, title, unit, better }: Figure, name: string): Figure {
  return {
    section: SCALING,
    id: `scaling-${id}-${name}`,
    title: `${title}, ${name}`,
    unit,
    better,
    reference: name,
  };
}
