/** The cost of a frame, before and after a change: the same dispatcher from two checkouts, in turn. */

import {
  cpuNsAt,
  discardBehind,
  forward,
  idOf,
  lacksLoads,
  LOADS,
  OWN_CORE,
  passBehind,
  rateForAll,
  titleAt,
} from "./forwarding.ts";
import type { Load } from "./frames.ts";
import type { Figure } from "./results.ts";
import { beforeOf, RUNTIME_NAMES } from "./names.ts";
import { type Bench, inTurn, Running } from "./turns.ts";

export async function against(bench: Bench): Promise<void> {
  if (await lacksLoads(bench)) return;
  const { bed } = bench;
  const names = RUNTIME_NAMES.flatMap((name) => [beforeOf(name), name]);
  await using running = await Running.start(bench, names, OWN_CORE);
  await discardBehind(bed, running);
  const rate = await rateForAll(
    running.subjects(),
    (subject, load, rate) => forward(bed, running, subject, load, rate),
  );
  await inTurn(
    bench,
    RUNTIME_NAMES.flatMap((name) =>
      LOADS.filter(({ length }) => length !== 512).map((load) => ({
        figures: [cost(load, name, rate)],
        subjects: running.subjects(beforeOf(name), name),
        measure: async (subject) => [await cpuNsAt(bed, running, subject, load, rate)],
      }))
    ),
  );
  await passBehind(bed, running);
}

function cost(load: Load, name: string, rate: number): Figure {
  return {
    section: "Before and after",
    id: `before-after-${idOf(load)}-${name}`,
    title: `${titleAt(load, rate)}, ${name}`,
    unit: "ns",
    better: "less",
    reference: beforeOf(name),
  };
}
