/** Does the dispatcher's memory stay where it is, over ten million frames from a million different clients? */

import { until } from "oneip";
import { offerFromAMillion } from "./frames.ts";
import { residentMb } from "./process.ts";
import type { Figure } from "./results.ts";
import { RUNTIMES } from "./names.ts";
import { needing } from "./subjects.ts";
import { type Bench, inTurn, Running } from "./turns.ts";

const FRAMES = 10_000_000;
/** The first ones make the runtime compile what it runs. */
const SETTLED_AFTER = 1_000_000;
/** Between two looks at the memory. A slow machine takes longer for all frames, but only a hang does for these. */
const FRAMES_BETWEEN = 50_000;

const SECTION = "Start and memory";
const [SETTLED, MOST, GROWTH]: Figure[] = [
  { section: SECTION, id: "memory-settled", title: "resident after 1 M frames", unit: "MB", better: "less" },
  { section: SECTION, id: "memory-most", title: "most until 10 M frames", unit: "MB", better: "less" },
  {
    section: SECTION,
    id: "memory-growth",
    title: "growth from 1 M to 10 M frames",
    unit: "%",
    better: "less",
  },
];

/** Once: it takes half a minute, or on a slow machine as long as ten million frames take. */
export async function memory(bench: Bench): Promise<void> {
  const { missing } = await needing("trafgen");
  if (missing !== undefined) return bench.results.skip("memory over ten million frames", missing);
  const { bed } = bench;
  await using running = await Running.start(bench, [RUNTIMES.deno], 1);
  await inTurn({ ...bench, pairs: 1 }, [{
    figures: [SETTLED!, MOST!, GROWTH!],
    subjects: running.subjects(),
    measure: async (subject) => {
      await bed.watch(subject.output!);
      await bed.discardAt(subject.output!);
      const offered = offerFromAMillion(bed, subject.mac);
      const pid = running.pidOf(subject);
      const began = bed.framesInto(subject.output!);
      const frames = () => bed.framesInto(subject.output!) - began;
      const samples: number[] = [];
      try {
        for (let next = SETTLED_AFTER; next <= FRAMES; next = frames() + FRAMES_BETWEEN) {
          await until(`${next} frames have come through`, () => frames() >= next);
          samples.push(residentMb(pid));
        }
      } finally {
        await offered.stop();
        await bed.discardNoMore(subject.output!);
      }
      const [first = 0, last = 0] = [samples[0], samples.at(-1)];
      return [first, Math.max(...samples), (last / first - 1) * 100];
    },
  }]);
}
