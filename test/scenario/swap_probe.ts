/**
 * Run on the dispatcher's node in its place: forwards by a map that it swaps 1,000 times, as soon as a frame has met it, for
 * another one that agrees on the given clients' buckets only. Prints "ready", then what came of the swaps, and goes on.
 *
 *     swap_probe.ts QUEUES FASTPATH CLIENT,CLIENT,... MAC,MAC,...      the MACs of the backends in the configuration's order
 */

import { readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { parseConfig, SharedState, slotSizeFor, Tap, until } from "oneip";
import { ClusterMap } from "../../src/cluster/cluster_map.ts";
import { explain } from "../../src/cluster/explain.ts";
import { planOf } from "../../src/config/plan.ts";
import type { FastPathSetting } from "../../src/plane/fast_path_status.ts";
import { KernelShare } from "../../src/plane/kernel_share.ts";
import { Workers } from "../../src/plane/workers.ts";
import { VERDICT_NAMES } from "../../src/mod.ts";
import { parseMac } from "../../src/wire/address.ts";

const [queues = "", fastPath = "", clients = "", macs = ""] = process.argv.slice(2);
const file = "netns/routing.oneip.yaml";
const config = parseConfig(readFileSync(file, "utf8"), file, "test");
const { plan, neighbors } = planOf(config);
const { buckets, backends } = config.clusters[0]!;

const tap = new Tap({
  name: "oneip0",
  bridge: "br0",
  queues: Number(queues),
  offloads: true,
});
const shared = new SharedState({
  clusters: 1,
  buckets,
  neighbors: neighbors.length,
  slotSize: slotSizeFor(config.dispatcher),
  workers: Number(queues),
});
const kernel = new KernelShare(tap.name);
kernel.start(fastPath as FastPathSetting, plan, shared);
kernel.attach();
const workers = new Workers(plan, shared, tap.queues);

const theirs = new Set(explain(config, clients.split(","), []).map(({ bucket }) => bucket));
const one = new ClusterMap(config.clusters[0]!).owners(({ address }) => neighbors.indexOf(address));
const other = one.map((owner, bucket) => theirs.has(bucket) ? owner : (owner + 1) % backends.length);

async function publish(owners: Uint16Array): Promise<void> {
  const table = await shared.standby();
  table.setOwners(0, owners);
  for (const [neighbor, text] of macs.split(",").entries()) {
    const { high, low } = parseMac(text)!;
    table.setMac(neighbor, high, low);
  }
  kernel.publish(shared, table);
  shared.publish();
  workers.wake();
}

/** Frames to the backends so far. */
const dispatched = () => {
  kernel.count();
  return shared.verdicts()[VERDICT_NAMES.indexOf("dispatched")]!;
};

await publish(one);
await shared.settled(); // The workers have started, so that the router's question for the MAC is answered.
console.log("ready");
await until("the flows run", () => dispatched() > 5000);
const before = dispatched();
for (let swap = 0; swap < 1000; swap++) {
  const seen = dispatched();
  await publish(swap % 2 === 0 ? other : one);
  while (dispatched() === seen) await setImmediate(); // Every map meets frames.
}
const verdicts = shared.verdicts();
console.log(JSON.stringify({
  swaps: shared.epoch - 1,
  frames: dispatched() - before,
  fast: shared.fastPath.dispatched,
  lost: Object.fromEntries(
    VERDICT_NAMES.map((name, index) => [name, verdicts[index]!] as const).filter(([name, count]) =>
      count > 0 && /^(drop_(?!not_ours|group|nd_other|arp_other)|pending|.*_unreachable)/.test(name)
    ),
  ),
}));
