/** The whole control plane in virtual time: what the probes find moves clients, and nothing else does. */

import { expect, test } from "vitest";
import * as f from "../frames.ts";
import { clusterOf, machines, Run } from "./run.ts";

const ROUNDS_MS = 20_000;

async function started(cluster: object = { ports: ["80/tcp"] }) {
  const neighbors = machines(4);
  const run = new Run(neighbors, clusterOf(neighbors, cluster));
  const engine = await run.start();
  await run.clock.advance(ROUNDS_MS);
  return { run, engine, clock: run.clock, neighbors, servers: neighbors.map(({ server }) => server) };
}

const told = (run: Run, msg: string) => run.lines().filter((line) => line.msg === msg);

for (const type of ["tcp", "icmp"]) {
  test(`${type}: a backend without the cluster address loses its clients, only they move, and they return`, async () => {
    const { run, engine, clock, servers } = await started({
      health: { type, ...(type === "tcp" ? { port: 80 } : {}) },
    });
    await using _engine = engine;
    const before = run.shares();
    expect(before.every((share) => share > 0)).toBe(true);
    servers[1]!.addresses = [];
    await clock.advance(ROUNDS_MS);
    const without = run.shares();
    expect(without[1]).toBe(0);
    expect(without.reduce((sum, share) => sum + share)).toBe(200);
    expect(told(run, "backend is down")).toMatchObject([{
      cluster: "web",
      backend: "web2",
      fault: "alias-missing",
    }]);
    expect([0, 2, 3].every((index) => without[index]! >= before[index]!)).toBe(true);
    servers[1]!.addresses = [f.IP.cluster];
    await clock.advance(ROUNDS_MS);
    expect(run.shares()).toEqual(before);
  });
}

test("service ports and no health: tcp by default; a server that is gone on a live machine", async () => {
  const { run, engine, clock, servers } = await started();
  await using _engine = engine;
  expect(told(run, "backend is up")).toHaveLength(4);
  servers[0]!.open = [];
  await clock.advance(ROUNDS_MS);
  expect(run.shares()[0]).toBe(0);
  expect(told(run, "backend is down")).toMatchObject([{ backend: "web1", fault: "no-service" }]);
  const { verdicts } = engine.report();
  expect(verdicts["heard_probe"]).toBeGreaterThan(40);
  expect(verdicts["drop_ring_full"]).toBe(0);
});

test("a machine that dies and comes back without its server stays without clients", async () => {
  const { run, engine, clock, neighbors, servers } = await started();
  await using _engine = engine;
  neighbors[2]!.isAlive = false;
  await clock.advance(ROUNDS_MS);
  expect(run.shares()[2]).toBe(0);
  servers[2]!.open = [];
  neighbors[2]!.isAlive = true;
  await clock.advance(ROUNDS_MS);
  expect(run.shares()[2]).toBe(0);
  servers[2]!.open = [80];
  await clock.advance(ROUNDS_MS);
  expect(run.shares()[2]).toBeGreaterThan(0);
});
