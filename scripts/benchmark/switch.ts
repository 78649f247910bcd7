/** How long the fast path's change of a map takes, until no frame goes by the one before, while as many frames pass as can be sent. */

import { lacksLoads } from "./forwarding.ts";
import { offer } from "./frames.ts";
import { UPLINK } from "./names.ts";
import type { Figure } from "./results.ts";
import { percentile } from "./statistics.ts";
import { RUN_DENO } from "./subjects.ts";
import { type Bench, inTurn } from "./turns.ts";

const TIMER = new URL("./switch_timer.ts", import.meta.url).pathname;
const LOAD = { family: "IPv4", length: 64 } as const;

export async function changes(bench: Bench): Promise<void> {
  if (await lacksLoads(bench)) return;
  const { bed, subjects } = bench;
  const subject = subjects.find(({ name }) => name === UPLINK)!;
  await inTurn(bench, [{
    figures: [
      figure("switch-median", "the last frame by the old map, median"),
      figure("switch-p90", "the same, 90 %"),
      figure("switch-done", "the kernel says that it is done, median"),
    ],
    subjects: [subject],
    measure: async ({ mac, node }) => {
      const offered = await offer(bed, LOAD, mac);
      try {
        const printed = await bed.lab.node(node!).exec(...RUN_DENO, TIMER, mac, "eth1");
        const { last, done } = JSON.parse(printed) as { last: number[]; done: number[] };
        const [sorted, whole] = [last, done].map((all) => all.sort((a, b) => a - b)) as [number[], number[]];
        return [percentile(sorted, 50), percentile(sorted, 90), percentile(whole, 50)];
      } finally {
        await offered.stop();
      }
    },
  }]);
}

function figure(id: string, title: string): Figure {
  const section = "Bucket maps";
  return { section, id, title: `65,536 buckets change their owner: ${title}`, unit: "ms", better: "less" };
}
