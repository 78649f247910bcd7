/** What a dispatcher costs while nothing is to be forwarded: it asks its neighbors once a second whether they are there. */

import { setTimeout as delay } from "node:timers/promises";
import { cpuNs } from "./process.ts";
import type { Figure } from "./results.ts";
import { RUNTIME_NAMES } from "./names.ts";
import { type Bench, inTurn, Running } from "./turns.ts";

const WINDOW_MS = 5000;

const FIGURE: Figure = {
  section: "Start and memory",
  id: "idle",
  title: "CPU while idle, two backends",
  unit: "% of a core",
  better: "less",
};

/** Once: it takes five seconds of each. */
export async function idle(bench: Bench): Promise<void> {
  await using running = await Running.start(bench, RUNTIME_NAMES);
  await inTurn({ ...bench, pairs: 1 }, [{
    figures: [FIGURE],
    subjects: running.subjects(),
    measure: async (subject) => {
      const pid = running.pidOf(subject);
      const [before, at] = [cpuNs(pid), performance.now()];
      await delay(WINDOW_MS);
      return [(cpuNs(pid) - before) / (performance.now() - at) / 1e4];
    },
  }]);
}
