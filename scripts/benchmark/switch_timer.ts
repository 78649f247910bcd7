/**
 * How long the kernel's change of a map takes while frames pass: a fast path on an uplink, for one cluster of 65,536 buckets, whose owner
 * changes from one of two neighbors to the other and back. Another thread sees when the last frame went to the one before.
 *
 *     switch_timer.ts MAC INTERFACE      begins when frames pass; prints {"last": [...], "done": [...]}, milliseconds from the beginning of
 *                                        each change to the last frame by the map before, and until the kernel says that it is done
 */

import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { ForwardingTable, parseConfig, parseMac, planOf, until } from "oneip";
import * as ifreq from "../../src/device/ifreq.ts";
import { FastPathCounts } from "../../src/kernel/counts.ts";
import { FastPath } from "../../src/kernel/fast_path.ts";
import { oneipConfig, serverMac } from "./subject_files.ts";

const BUCKETS = 65_536;
const CHANGES = 100;
/** Between two of them. */
const PAUSE_MS = 5;
/** Frames and octets. */
const COUNTERS = 16;

const [mac = "", uplink = ""] = process.argv.slice(2);
const config = oneipConfig({ address: "10.0.0.40", mac, buckets: BUCKETS });
const { plan, neighbors } = planOf(parseConfig(config, "switch", "switch"));
const size = { clusters: 1, buckets: BUCKETS, neighbors: neighbors.length + 1 };
const tables = [0, 1].map((owner) => {
  const table = ForwardingTable.ofSize(size);
  table.setOwners(0, new Uint16Array(BUCKETS).fill(owner));
  for (const [neighbor, address] of neighbors.entries()) {
    const { high, low } = parseMac(serverMac(address))!;
    table.setMac(neighbor, high, low);
  }
  return table;
});
const fastPath = new FastPath(plan, size, "uplink");
fastPath.publish(tables[0]!);
fastPath.attach(ifreq.index(uplink));

const times = new Float64Array(new SharedArrayBuffer(3 * 8));
const watch = new Worker(new URL("./switch_watch.ts", import.meta.url), {
  workerData: { times, neighbors: size.neighbors, valueSize: COUNTERS },
});
await once(watch, "message");
await until("frames pass", () => times[1]! > 0);

const counts = new FastPathCounts(size);
const last: number[] = [];
const done: number[] = [];
for (let change = 1; change <= CHANGES; change++) {
  const [before, now] = [(change - 1) % 2, change % 2];
  const began = performance.timeOrigin + performance.now();
  fastPath.publish(tables[now]!);
  const ended = performance.timeOrigin + performance.now();
  fastPath.count(counts);
  const frames = counts.toNeighbor.frames[before]!;
  await delay(PAUSE_MS);
  await until("the other thread has looked", () => times[0]! > ended);
  fastPath.count(counts);
  if (counts.toNeighbor.frames[before] !== frames) {
    throw new Error("frames went by the map of before when the change was done");
  }
  last.push(Math.max(0, times[1 + before]! - began));
  done.push(ended - began);
}
console.log(JSON.stringify({ last, done }));
fastPath.close();
process.exit(0);
