import { describe, expect, test } from "vitest";
import { type Config, parseConfig } from "oneip";
import { MOST } from "../../src/config/limits.ts";
import * as f from "../frames.ts";
import { roundsOf } from "../needs.ts";
import { machines, Run } from "./run.ts";
import type { Neighbor } from "./simulated_link.ts";

const HALF = roundsOf(500);
const MANY = 2 * HALF;

/** In which every neighbor is asked, and fails or comes back. It ends between two rounds of questions. */
const SETTLED_MS = 10_020;

/** Clusters with so many buckets each, which share the machines. */
function configOf(neighbors: readonly Neighbor[], buckets: readonly number[], dispatcher = {}): Config {
  const each = neighbors.length / buckets.length;
  return parseConfig(
    JSON.stringify({
      dispatcher: { mac: f.MAC.dispatcher, addresses: ["10.0.0.2/15"], verify: "off", ...dispatcher },
      clusters: buckets.map((count, cluster) => ({
        name: `cluster${cluster + 1}`,
        addresses: [`10.0.255.${cluster}`],
        buckets: count,
        backends: neighbors.slice(cluster * each, (cluster + 1) * each)
          .map(({ name, address }) => ({ name, address })),
      })),
    }),
    "test",
    "test",
  );
}

/** Lets all settle. What was published and told meanwhile. */
async function settle(run: Run) {
  const before = run.attachment.publications;
  await run.clock.advance(SETTLED_MS);
  const lines = run.lines();
  const told = (text: string) => lines.filter(({ msg }) => msg === text).length;
  return {
    publications: run.attachment.publications - before,
    failed: told("neighbor does not answer"),
    answered: told("neighbor answers"),
    moved: lines.reduce((sum, { moved = 0 }) => sum + moved, 0),
  };
}

const CLUSTERS = roundsOf(50);

describe.each([
  {
    name: `${CLUSTERS} clusters`,
    buckets: Array.from({ length: CLUSTERS }, (_, cluster) => cluster < 14 ? 2048 : 1024),
  },
  { name: "one cluster", buckets: [roundsOf(65_536)] },
])(`${MANY} backends in $name`, ({ name, buckets }) => {
  const all = buckets.reduce((sum, count) => sum + count);

  test("start, lose half of them in one moment, and have them back, with one publication each and no false failure", async () => {
    const neighbors = machines(MANY);
    const run = new Run(neighbors, configOf(neighbors, buckets));
    const beganMs = performance.now();
    await using _engine = await run.start();
    const beforeMs = performance.now() - beganMs;
    const longest: number[] = [];
    const settled = async () => {
      run.clock.longestMs = 0;
      const came = await settle(run);
      longest.push(run.clock.longestMs);
      return came;
    };
    expect(await settled()).toEqual({ publications: 1, failed: 0, answered: MANY, moved: 0 });
    for (const [index, neighbor] of neighbors.entries()) neighbor.isAlive = index % 2 === 0;
    const lost = await settled();
    expect(lost).toMatchObject({ publications: 1, failed: HALF, answered: 0 });
    expect(lost.moved).toBeGreaterThan(0.48 * all);
    for (const neighbor of neighbors) neighbor.isAlive = true;
    expect(await settled()).toEqual({ publications: 1, failed: 0, answered: HALF, moved: lost.moved });
    const [before, start, loss, back] = [beforeMs, ...longest].map((ms) => ms.toFixed(0));
    console.log(
      `${name} with ${all} buckets: the main thread stood still for at most ${before} ms before frames were forwarded, then ${start} ms while all answered, ` +
        `${loss} ms when half were lost, ${back} ms when they were back`,
    );
  });
});

test("the largest configuration: all neighbors answer, none fails falsely, although their answers fill the ring many times", async () => {
  const [clusters, routes] = [roundsOf(MOST.clusters), roundsOf(MOST.routes)];
  const backends = machines(roundsOf(MOST.backends));
  const router: Neighbor = { name: "router", address: "10.0.0.1", mac: f.MAC.router, isAlive: true };
  const config = configOf(backends, new Array<number>(clusters).fill(MOST.buckets / MOST.clusters), {
    routes: Array.from(
      { length: routes },
      (_, index) => ({ prefix: `192.0.${index}.0/24`, via: router.address }),
    ),
  });
  const run = new Run([...backends, router], config);
  await using engine = await run.start();
  expect(await settle(run)).toEqual({
    publications: 1,
    failed: 0,
    answered: backends.length + 1,
    moved: 0,
  });
  run.link.bring(f.ethernet(f.ipv4(f.udp([]), { src: f.IP.client, dst: `192.0.${routes - 1}.1` })));
  run.link.bring(
    f.ethernet(f.ipv4(f.udp([]), { src: f.IP.client, dst: config.clusters.at(-1)!.addresses[0]! })),
  );
  expect(engine.report().verdicts).toMatchObject({ forwarded: 1, dispatched: 1, drop_ring_full: 0 });
  expect([...run.link.delivered.keys()].filter(({ name }) => name === router.name)).toHaveLength(1);
});
