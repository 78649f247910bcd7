/** What a dispatcher in virtual time says that it has done, and whose its buckets are: also after a reload and a takeover. */

import { expect, test } from "vitest";
import type { Engine } from "oneip";
import { type Counters, countersOf } from "../../src/api/counters.ts";
import { NAMES } from "../../src/path/verdict.ts";
import { clusterOf, machines, Run } from "../engine/run.ts";

const MACHINES = machines(3);
const CONFIG = clusterOf(MACHINES, { health: { type: "tcp", port: 80 } });

async function started() {
  const run = new Run(MACHINES, CONFIG);
  const engine = await run.start();
  await run.clock.advance(3000);
  return { run, engine };
}

const counted = (engine: Engine): Counters => countersOf(engine, 1_700_000_000_000);
const sum = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);

test("frames and octets of each machine, and all else, go on after a reload and a takeover", async () => {
  const { run, engine } = await started();
  const [frames, octets] = [sum(run.shares()), 200 * run.requestOctets];
  const before = counted(engine);
  expect(before).toMatchObject({
    time: "2023-11-14T22:13:20.000Z",
    tapDropped: 0,
    fastPath: { dispatched: 0, passedUp: {} },
    pending: { sent: 0, dropped: 0 },
    clusters: [{
      name: "web",
      frames,
      octets,
      broadcastFrames: 0,
      bucketsInTransition: 0,
      connectionsUnremembered: 0,
    }],
  });
  expect(Object.keys(before.verdicts)).toEqual(NAMES);
  expect(before.verdicts["dispatched"]).toBe(frames);
  expect(sum(before.machines.map(({ frames }) => frames))).toBe(frames);
  expect(sum(before.machines.map(({ octets }) => octets))).toBe(octets);
  expect(sum(before.workers)).toBe(sum(Object.values(before.verdicts)));

  const fewer = clusterOf(MACHINES.slice(0, 2), { health: { type: "tcp", port: 80 } });
  const reloaded = await run.reload(engine, fewer);
  run.shares();
  const next = await run.takeOver(reloaded, fewer);
  run.shares();
  const { machines, clusters, probes } = counted(next);
  expect(probes.asked).toBeGreaterThanOrEqual(before.probes.asked);
  const [, , web3] = before.machines;
  expect(machines[2], "one that is gone keeps its numbers").toEqual(web3);
  expect(sum(machines.map(({ octets }) => octets))).toBe(3 * octets);
  expect(clusters).toMatchObject([{ name: "web", frames: 3 * frames, octets: 3 * octets }]);
  await next.stop();
});

test("the epoch grows with each publication, and goes on after a reload and a takeover", async () => {
  const { run, engine } = await started();
  const { epoch } = engine.status();
  expect(epoch).toBeGreaterThan(0);
  const drained = engine.administer("web1", "draining");
  await run.clock.advance(100);
  await drained;
  const after = engine.status().epoch;
  expect(after).toBe(epoch + 1);
  const reloaded = await run.reload(engine, CONFIG);
  expect(reloaded.status().epoch).toBe(after + 1);
  const next = await run.takeOver(reloaded);
  expect(next.status().epoch).toBe(after + 2);
  await next.stop();
});

test("a backend's status says how long its latest successful probe took", async () => {
  const { run, engine } = await started();
  const took = (engine: Engine) => engine.status().clusters[0]!.backends.map(({ probeMs }) => probeMs);
  expect(took(engine)).toEqual([1, 1, 1]);
  const next = await run.takeOver(engine);
  expect(took(next)).toEqual([1, 1, 1]);
  await next.stop();
  const silent = new Run(MACHINES, clusterOf(MACHINES, { health: [] }));
  const other = await silent.start();
  await silent.clock.advance(3000);
  expect(took(other)).toEqual([null, null, null]);
  await other.stop();
});

test("each bucket has its owner by index, and while one drains its buckets are in transition", async () => {
  const { run, engine } = await started();
  const before = engine.buckets("web");
  expect(before).toMatchObject({ cluster: "web", backends: ["web1", "web2", "web3"], inTransition: [] });
  expect(before.owners).toHaveLength(4096);
  const own = before.owners.flatMap((owner, bucket) => owner === 0 ? [bucket] : []);
  expect(own).toHaveLength(engine.status().clusters[0]!.backends[0]!.buckets);
  const drained = engine.administer("web1", "draining");
  await run.clock.advance(100);
  await drained;
  const { owners, inTransition, epoch } = engine.buckets("web");
  expect(epoch).toBe(before.epoch + 1);
  expect(inTransition).toEqual(own);
  expect(owners).not.toContain(0);
  expect(() => engine.buckets("wbe")).toThrow('There is no cluster "wbe"; use web');
  await engine.stop();
});
