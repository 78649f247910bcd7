/** What a frame costs with one backend and a thousand, one cluster and fifty. A machine runs one size at a time. */

import { until } from "oneip";
import { addBeyond, discardAfter, figureOf, passMachine, programAlone, runNs } from "./cost.ts";
import { lacksLoads, OWN_CORE } from "./forwarding.ts";
import type { Load } from "./frames.ts";
import { FAST, NFTABLES, NOBODY, UPLINK } from "./names.ts";
import { SIZED, SIZES } from "./subjects.ts";
import { MANY, manyAddress } from "./subject_files.ts";
import { BACKENDS, type Testbed } from "./testbed.ts";
import { type Bench, inTurn, Running } from "./turns.ts";

const SECTION = "Many backends and clusters";
const LOAD: Load = { family: "IPv4", length: 64 };

export async function scale(bench: Bench): Promise<void> {
  if (await lacksLoads(bench)) return;
  const { bed, results, subjects } = bench;
  await addBackends(bed);
  const plain = subjects.filter(({ name }) => [NOBODY, ...SIZED].includes(name));
  const ends = await discardAfter(bed, plain);
  try {
    for (let pair = 0; pair < bench.pairs; pair++) {
      for (const size of Object.keys(SIZES)) await once({ ...bench, pairs: 1 }, size);
    }
  } finally {
    for (const end of ends) await bed.discardNoMore(end);
  }
  for (const size of Object.keys(SIZES)) addBeyond(results, whole(size).id);
  results.note(SECTION, "At saturation, as above; a thousand neighbors are asked each second meanwhile.");
}

async function once(bench: Bench, size: string): Promise<void> {
  const { bed } = bench;
  const names = [NOBODY, ...SIZED.map((name) => `${name}, ${size}`)];
  await using running = await Running.start(bench, names, OWN_CORE);
  const { backends } = SIZES[size]!;
  const isUp = (text: string) => text.split('"event":"backend.up"').length > backends;
  for (const subject of running.subjects(`${FAST}, ${size}`, `${UPLINK}, ${size}`)) {
    await until(`${subject.name} knows where all backends are`, () => isUp(running.logOf(subject)));
  }
  // In each size the same columns of the table.
  const started = running.subjects().map((subject) => ({
    subject: { ...subject, name: subject.name.replace(`, ${size}`, "") },
    pids: running.pidsOf(subject),
  }));
  const pidsOf = (name: string) => started.find(({ subject }) => subject.name === name)!.pids;
  const all = started.map(({ subject }) => subject);
  await inTurn(bench, [{
    figures: [whole(size)],
    subjects: all,
    measure: async (subject) => [(await passMachine(bed, pidsOf(subject.name), subject, LOAD)).cpuNs],
  }, {
    figures: [programAlone(LOAD, SECTION, size)],
    subjects: all.filter(({ name }) => name !== NOBODY && name !== NFTABLES),
    measure: (subject) => {
      const pids = pidsOf(subject.name);
      return runNs(pids[0]!, () => passMachine(bed, pids, subject, LOAD));
    },
  }]);
}

function whole(size: string) {
  return figureOf(LOAD, size.replaceAll(/\W+/g, "-"), size, SECTION);
}

/** Half of them are addresses of web1, half of web2. */
async function addBackends(bed: Testbed): Promise<void> {
  for (const [half, node] of BACKENDS.entries()) {
    const own = Array.from({ length: MANY / 2 }, (_, index) => manyAddress(2 * index + half));
    const lines = own.map((address) => `address add ${address}/32 dev eth1`).join("\n");
    await bed.feed(node, ["ip", "-batch", "-"], lines);
  }
}
