/**
 * How long the main thread takes for the bucket maps of a cluster, measured in a process of its own, so that nothing is warm.
 *
 *     map_timer.ts BACKENDS BUCKETS      prints {"base", "one", "half"}: milliseconds for the base map, for the live map and the
 *                                        owners to publish when one backend is gone, and when half of them are
 */

import { ClusterMap } from "../../src/cluster/cluster_map.ts";
import { parseConfig } from "oneip";

const [backends = 0, buckets = 0] = process.argv.slice(2).map(Number);

const config = JSON.stringify({
  dispatcher: { addresses: ["10.0.0.2/16"] },
  clusters: [{
    name: "bench",
    addresses: ["10.0.255.100"],
    buckets,
    backends: Array.from({ length: backends }, (_, index) => ({
      name: `backend${index}`,
      address: `10.0.${1 + (index >> 8)}.${index & 255}`,
    })),
  }],
});
const cluster = parseConfig(config, "bench", "bench").clusters[0]!;
const neighbors = new Map(cluster.backends.map((backend, neighbor) => [backend, neighbor]));

const began = performance.now();
const map = new ClusterMap(cluster);
const base = performance.now() - began;
const one = without(1);
without(0);
const half = without(backends / 2);
console.log(JSON.stringify({ base, one, half }));

/** Without the first few. */
function without(gone: number): number {
  const began = performance.now();
  map.update((backend) => neighbors.get(backend)! >= gone);
  map.owners((backend) => neighbors.get(backend)!);
  return performance.now() - began;
}
