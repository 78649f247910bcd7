/** From the start of the process to the first frame that it has forwarded onto the LAN. */

import { once } from "node:events";
import { type Load, offer } from "./frames.ts";
import type { Figure } from "./results.ts";
import { FAST, RUNTIME_NAMES } from "./names.ts";
import { needing, type Subject } from "./subjects.ts";
import { CLUSTER, type Testbed } from "./testbed.ts";
import { type Bench, inTurn } from "./turns.ts";

const LOAD: Load = { family: "IPv4", length: 64 };
/** So often it is looked whether it forwards. */
const RATE = 5000;

const FIGURE: Figure = {
  section: "Start and memory",
  id: "startup",
  title: "start to first forwarded frame",
  unit: "ms",
  better: "less",
};

export async function startup(bench: Bench): Promise<void> {
  const { missing } = await needing("tcpdump", "trafgen", "tcpreplay");
  if (missing !== undefined) return bench.results.skip("start to first forwarded frame", missing);
  const subjects = bench.subjects.filter(({ name }) => [FAST, ...RUNTIME_NAMES].includes(name));
  await inTurn(bench, [{
    figures: [FIGURE],
    subjects,
    measure: async (subject) => [await start(bench.bed, subject)],
  }]);
}

async function start(bed: Testbed, { node, cmd, readyText, mac }: Subject): Promise<number> {
  const offered = await offer(bed, LOAD, mac, RATE);
  try {
    const filter = `ether src ${mac} and ip dst ${CLUSTER.ipv4}`;
    const watcher = bed.spawn("lan", [
      ...[
        "tcpdump",
        "-nn",
        "-i",
        node!,
        "-Q",
        "in",
        "--immediate-mode",
        "-c",
        "1",
        "-w",
        "/dev/null",
        filter,
      ],
    ]);
    const seen = once(watcher, "exit");
    await once(watcher.stderr!, "data"); // It says that it listens.
    const began = performance.now();
    const [program, took] = await Promise.all([
      bed.start(node!, cmd!, [], readyText),
      seen.then(() => performance.now() - began),
    ]);
    await program.stop();
    return took;
  } finally {
    await offered.stop();
  }
}
