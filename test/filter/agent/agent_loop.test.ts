import pino from "pino";
import { expect, test } from "vitest";
import { parseConfig } from "oneip";
import { MOST } from "../../../src/config/limits.ts";
import { DEAD, LEASE } from "../../../src/filter/agent/agent.ts";
import { AgentLoop } from "../../../src/filter/agent/agent_loop.ts";
import { MOST_OCTETS } from "../../../src/system/signed_parts.ts";
import { VirtualClock } from "../../../src/system/virtual_clock.ts";
import { isQuick, roundsOf } from "../../needs.ts";
import { Random } from "../../random.ts";
import { clusterOf } from "../../config/cluster.ts";
import { AgentCluster, INTERVAL_MS } from "./agent_cluster.ts";
import { MACHINE_RANDOM } from "../../../src/system/random.ts";

const CLUSTER = parseConfig(
  `
dispatcher: {addresses: [10.0.0.2/24]}
clusters:
  - name: web
    addresses: [10.0.0.100]
    technique: broadcast
    buckets: 64
    backends:
      - {name: web1, address: 10.0.0.11}
      - {name: web2, address: 10.0.0.12}
      - {name: web3, address: 10.0.0.13}
      - {name: web4, address: 10.0.0.14}`,
  "test.yaml",
  "test",
).clusters[0]!;

const HOUR_MS = isQuick ? 900_000 : 3_600_000;
const SETTLE_MS = 15_000;
const FATES = ["kill", "killAgent", "stop"] as const;

/** Moves on until each bucket has one owner; a kernel whose nft was too slow may take nothing for a moment. */
async function settle(cluster: AgentCluster): Promise<void> {
  await cluster.clock.advance(SETTLE_MS);
  for (let tries = 0; tries < 40 && cluster.owners().includes(0); tries++) await cluster.clock.advance(100);
  expect(cluster.owners()).toEqual(cluster.owners().map(() => 1));
}

/** An hour in which about every minute a backend dies, leaves or returns. Between the changes each bucket has one owner. */
async function hour(seed: number, lastMs = HOUR_MS): Promise<string[]> {
  const cluster = new AgentCluster(CLUSTER, seed);
  const random = new Random(seed);
  for (const name of cluster.names) cluster.start(name);
  await settle(cluster);
  while (cluster.clock.now() < lastMs) {
    const name = random.pick(cluster.names);
    const running = cluster.names.filter((other) => cluster.isRunning(other));
    if (!cluster.isRunning(name)) cluster.start(name);
    else if (running.length > 2) cluster[random.pick(FATES)](name);
    await settle(cluster);
    await cluster.clock.advance(random.below(90_000));
  }
  return cluster.log;
}

test("an hour in which backends die and return: always one owner, and the same every time", async () => {
  const log = await hour(1);
  expect(log.filter((line) => line.includes("two owners"))).toEqual([]);
  const logged = (word: string) => log.filter((line) => line.includes(word)).length;
  // It was no quiet hour: backends died and returned, and kernels were too slow.
  for (const word of ["live set", "kernel"]) expect(logged(`"${word}"`)).toBeGreaterThan(HOUR_MS / 720_000);
  const again = await hour(1, HOUR_MS / 4);
  expect(again.length).toBeGreaterThan(log.length / 8);
  expect(again).toEqual(log.slice(0, again.length));
});

test("the most agents with the most buckets: a death is over, once noticed, in less than a lease, and each datagram fits", async () => {
  const names = Array.from({ length: roundsOf(MOST.agents) }, (_, index) => `web${index + 1}`);
  const buckets = roundsOf(MOST.clusterBuckets);
  const keys = { technique: "broadcast", agent: { keyFile: "key" }, buckets };
  const cluster = new AgentCluster(clusterOf(keys, names), 1, false);
  for (const name of names) cluster.start(name);
  while (cluster.served < buckets) await cluster.clock.advance(INTERVAL_MS / 20);
  cluster.kill("web1");
  await cluster.clock.advance(DEAD * INTERVAL_MS);
  const before = { ...cluster.sent };
  const beganMs = performance.now();
  const noticedMs = cluster.clock.now();
  while (cluster.served < buckets) await cluster.clock.advance(INTERVAL_MS / 20);
  const tookMs = cluster.clock.now() - noticedMs;
  const workMs = (performance.now() - beganMs) / (names.length - 1);
  const datagrams = (cluster.sent.datagrams - before.datagrams) / (names.length - 1);
  console.log(
    `${tookMs} ms of an interval of ${INTERVAL_MS} ms; ${datagrams.toFixed(0)} datagrams from each agent, ` +
      `${cluster.sent.longest} octets at most; ${workMs.toFixed(0)} ms of work for each`,
  );
  expect(tookMs).toBeLessThan(LEASE * INTERVAL_MS);
  expect(cluster.sent.longest).toBeLessThanOrEqual(MOST_OCTETS);
  expect(cluster.log.filter((line) => line.includes("two owners"))).toEqual([]);
});

test("an agent whose kernel refuses to let go gives up after four intervals: its lease runs out by itself", async () => {
  const clock = new VirtualClock();
  const loop = new AgentLoop({
    random: MACHINE_RANDOM,
    cluster: CLUSTER,
    backend: "web1",
    key: new Uint8Array(16),
    intervalMs: 250,
    send: () => {},
    apply: () => Promise.reject(new Error("nft refuses")),
    hasLink: () => true,
    clock,
    log: pino({ enabled: false }),
  });
  loop.start();
  await clock.advance(2000);
  let leftMs: number | undefined;
  void loop.stop().then(() => leftMs = clock.now());
  await clock.advance(2000);
  expect(leftMs).toBe(3000);
  expect(loop.alarms["kernel"]).toBeGreaterThan(5);
  expect(clock.waiting).toBe(0);
});
