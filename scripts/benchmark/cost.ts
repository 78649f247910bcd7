/**
 * What a frame costs the whole machine, soft interrupts included. In the kernel a frame has no process of its own: it is forwarded while
 * its sender waits, or in the kernel's thread for soft interrupts. The scheduler charges that time to whom it interrupts. So here counts
 *
 *     what the load takes + what the subject's process takes + what the kernel's threads for soft interrupts take
 *     - the same of a load that is dropped as it comes to a machine like the subjects'
 *
 * for each frame that comes out at the LAN's port. Other processes of the machine do not count.
 */

import { enough, idOf, lacksLoads, OWN_CORE, rateForAll } from "./forwarding.ts";
import type { Load, Offered } from "./frames.ts";
import { type Passed, passThrough } from "./passing.ts";
import { countRuns } from "./program_runs.ts";
import { programRuns, softInterruptThreads, treeCpuNs } from "./process.ts";
import { beyondOf, type Figure, type Results } from "./results.ts";
import { CLANG, FAST, NFTABLES, NOBODY, RUNTIME_NAMES, UPLINK } from "./names.ts";
import { lanPort, type Subject } from "./subjects.ts";
import { DROP, type Place, type Testbed } from "./testbed.ts";
import { type Bench, inTurn, Running, type Turn } from "./turns.ts";

export const SECTION = "Cost of a frame to the machine";
const IN_KERNEL = [NFTABLES, CLANG, UPLINK, FAST] as const;
const WITH_PROCESS = ["C loop", ...RUNTIME_NAMES];
/** As interfaces bring them. One at a time, each would wake the sender, which costs more than what is measured. */
const AT_ONCE = 16;
const SMALL: readonly Load[] = [{ family: "IPv4", length: 64 }, { family: "IPv6", length: 64 }];

export async function cost(bench: Bench): Promise<void> {
  if (await lacksLoads(bench)) return;
  const { bed, results } = bench;
  await using running = await Running.start(bench, [NOBODY, ...IN_KERNEL, ...WITH_PROCESS], OWN_CORE);
  const ends = await discardAfter(bed, running.subjects());
  const pass = (subject: Subject, load: Load, rate?: number) =>
    passMachine(bed, running.pidsOf(subject), subject, load, rate);
  const [all, inKernel] = [running.subjects(), running.subjects(NOBODY, ...IN_KERNEL)];
  const [first] = SMALL as [Load];
  const rate = await rateForAll(
    running.subjects(...WITH_PROCESS),
    (subject, _, rate) => pass(subject, first, rate),
  );
  const turns: Turn[] = [
    {
      figures: [figureOf(first, "fixed", `at ${rate / 1000} k frames/s, ${AT_ONCE} at once`)],
      subjects: all,
      measure: async (subject) => [await enough(rate, () => pass(subject, first, rate))],
    },
    ...SMALL.map((load): Turn => ({
      figures: [figureOf(load, "busy", "at saturation"), throughput(load)],
      subjects: inKernel,
      measure: async (subject) => {
        const { cpuNs, framesPerSecond } = await pass(subject, load);
        return [cpuNs, framesPerSecond / 1000];
      },
    })),
    {
      figures: [throughput(first)],
      subjects: running.subjects(...WITH_PROCESS),
      measure: async (subject) => [(await pass(subject, first)).framesPerSecond / 1000],
    },
    ...SMALL.map((load): Turn => ({
      figures: [programAlone(load)],
      subjects: running.subjects(CLANG, UPLINK, FAST),
      measure: (subject) => runNs(running.pidOf(subject), () => pass(subject, load)),
    })),
  ];
  try {
    await inTurn(bench, turns);
  } finally {
    for (const end of ends) await bed.discardNoMore(end);
  }
  for (const load of SMALL) {
    for (const when of ["fixed", "busy"]) addBeyond(results, `whole-${when}-${idOf(load)}`);
  }
  results.note(
    SECTION,
    "CPU of the load's process, the subject's, and the kernel's threads for soft interrupts; `more` is the difference to the same load " +
      "dropped as it comes to the subject's machine, pair by pair. The program alone is timed by the kernel (bpf_stats), each run with " +
      "some 20 ns of two looks at the clock.",
  );
}

/** Where frames end: at the LAN's port of each subject, and as they come to the machine that forwards nothing. */
export async function discardAfter(bed: Testbed, subjects: readonly Subject[]): Promise<Place[]> {
  const ends = subjects.map(endOf);
  for (const end of ends) {
    await bed.watch(end);
    await bed.discardAt(end);
  }
  return ends;
}

function endOf(subject: Subject): Place {
  return subject.name === NOBODY ? DROP.place : lanPort(subject);
}

const kernelThreads = softInterruptThreads();

/** `pids`: the subject's process, where it has one. */
export function passMachine(
  bed: Testbed,
  pids: readonly number[],
  subject: Subject,
  load: Load,
  rate?: number,
): Promise<Passed> {
  const all = (offered: Offered) =>
    [offered.pid, ...pids, ...kernelThreads].reduce((sum, one) => sum + treeCpuNs(one), 0);
  const mac = subject.name === NOBODY ? DROP.mac : subject.mac;
  return passThrough(bed, {
    name: subject.name,
    mac,
    load,
    rate,
    atOnce: AT_ONCE,
    end: endOf(subject),
    cpuNs: all,
  });
}

/** What the kernel takes for a run of the subject's program while frames pass. */
export async function runNs(pid: number, pass: () => Promise<unknown>): Promise<[number]> {
  using _ = countRuns();
  const before = programRuns(pid);
  await pass();
  const after = programRuns(pid);
  return [(after.ns - before.ns) / (after.count - before.count)];
}

/** The differences to no dispatcher, as a line of its own. */
export function addBeyond({ rows }: Results, id: string): void {
  const row = rows.find((row) => row.id === id);
  const base = row?.values[NOBODY];
  if (row === undefined || base === undefined) return;
  const values = Object.entries(row.values).filter(([subject]) => subject !== NOBODY).map((
    [subject, values],
  ) => [
    subject,
    values.map((value, pair) => value === null || base[pair] == null ? null : value - base[pair]),
  ]);
  const { title, reference: _, ...rest } = row;
  rows.push({
    ...rest,
    id: beyondOf(id),
    title: `more: ${title}`,
    reference: NFTABLES,
    charted: true,
    values: Object.fromEntries(values),
  });
}

export function figureOf(load: Load, id: string, when: string, section = SECTION): Figure {
  const title = `CPU per ${load.length}-octet ${load.family} frame, ${when}`;
  return { section, id: `whole-${id}-${idOf(load)}`, title, unit: "ns", better: "less" };
}

function throughput(load: Load): Figure {
  return {
    section: SECTION,
    id: `whole-rate-${idOf(load)}`,
    title: `${load.length}-octet ${load.family} frames forwarded at saturation`,
    unit: "k/s",
    better: "more",
    reference: NFTABLES,
  };
}

export function programAlone(load: Load, section = SECTION, when = ""): Figure {
  return {
    section,
    id: `program-${idOf(load)}${when === "" ? "" : `-${when.replaceAll(/\W+/g, "-")}`}`,
    title: `the program alone, ${load.length}-octet ${load.family} frame${when === "" ? "" : `, ${when}`}`,
    unit: "ns",
    better: "less",
    reference: CLANG,
  };
}
