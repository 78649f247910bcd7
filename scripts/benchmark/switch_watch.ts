/**
 * The thread beside switch_timer.ts: looks at the fast path's counters without a pause, and notes when each neighbor's had last grown.
 *
 *     memory      when it last looked, then for each of two neighbors when its frames had last grown      milliseconds since 1970
 */

import { readdirSync, readFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { possibleCpus } from "../../src/device/cpus.ts";
import * as ebpf from "../../src/device/ebpf.ts";

const { times, neighbors, valueSize } = workerData as {
  times: Float64Array;
  neighbors: number;
  valueSize: number;
};
const map = countersOf();
const cpus = possibleCpus();
const octets = new Uint8Array(new ArrayBuffer(neighbors * valueSize * cpus));
const view = new DataView(octets.buffer);
const seen = [0n, 0n];
parentPort!.postMessage("watching");
for (;;) {
  ebpf.lookUpMapWhole(map, neighbors, octets);
  const now = performance.timeOrigin + performance.now();
  for (const neighbor of seen.keys()) {
    let frames = 0n;
    for (let cpu = 0; cpu < cpus; cpu++) {
      frames += view.getBigUint64((neighbor * cpus + cpu) * valueSize, true);
    }
    if (frames !== seen[neighbor]) times[1 + neighbor] = now;
    seen[neighbor] = frames;
  }
  times[0] = now;
}

/** The descriptor of this process's map of counters by neighbor. */
function countersOf(): number {
  return readdirSync("/proc/self/fdinfo").map(Number).find((descriptor) => {
    const text = readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8");
    return text.includes(`map_type:\t${ebpf.PERCPU_ARRAY}\n`) && text.includes(`value_size:\t${valueSize}\n`);
  })!;
}
