/** What states, weights and time make of the bucket maps, in virtual time over a simulated link. */

import { describe, expect, test } from "vitest";
import { type Engine, UsageError } from "oneip";
import { QUIET_MS } from "../../src/cluster/damping.ts";
import { roundsOf } from "../needs.ts";
import { clusterOf, machines, Run } from "./run.ts";

const HALF = roundsOf(500);
const MANY = 2 * HALF;

/** In which changes are gathered, computed and published. */
const GATHERED_MS = 60;
/** In which a neighbor that has gone silent is noticed (engine/hour.ts). */
const NOTICED_MS = 3300;

/** So many backends in one cluster; `own`: further keys of some of them, by name. */
function runWith(count: number, cluster: object, own: Readonly<Record<string, object>> = {}) {
  const neighbors = machines(count);
  return { neighbors, run: new Run(neighbors, clusterOf(neighbors, cluster, own)) };
}

const DOWN = { state: "down", reason: "its port 80 refuses" } as const;
const UP = { state: "up", reason: "its port 80 accepts" } as const;

/** Buckets of each backend now. */
function buckets(engine: Engine): number[] {
  return engine.status().clusters[0]!.backends.map(({ buckets }) => buckets);
}

function eventsOf(run: Run): string[] {
  return run.lines().flatMap(({ event, backend }) =>
    event === undefined ? [] : `${event} ${backend ?? ""}`.trim()
  );
}

/** Started, with all machines heard. */
async function started(run: Run): Promise<Engine> {
  const engine = await run.start();
  await run.clock.advance(1000);
  run.lines();
  return engine;
}

/** What a command comes to; the clock goes on meanwhile. */
async function carriedOut<T>(run: Run, ...commands: Promise<T>[]): Promise<T[]> {
  const all = Promise.all(commands);
  all.catch(() => {}); // It is looked at below.
  await run.clock.advance(GATHERED_MS);
  return all;
}

test("a start changes no bucket before each backend's first verdict is in", async () => {
  const { neighbors, run } = runWith(4, {});
  neighbors[0]!.isAlive = false;
  await using engine = await run.start();
  let isLive = false;
  void engine.live.then(() => isLive = true);
  engine.healthChanged("web", "web2", DOWN);
  await run.clock.advance(1000);
  expect(isLive).toBe(false);
  expect(buckets(engine)).toEqual([1024, 1024, 1024, 1024]);
  expect(eventsOf(run)).toEqual(["backend.down web2", "backend.up web3", "backend.up web4"]);
  await run.clock.advance(1000);
  expect(isLive).toBe(true);
  expect(buckets(engine).slice(0, 2)).toEqual([0, 0]);
  expect(eventsOf(run)).toEqual(["backend.down web1", "map.changed"]);
});

test("each neighbor has its MAC, and since when it answers or has failed", async () => {
  const { neighbors, run } = runWith(2, {});
  neighbors[1]!.isAlive = false;
  await using engine = await run.start();
  await run.clock.advance(900);
  const before = engine.neighbors();
  expect(before.map(({ state, mac }) => [state, mac])).toEqual([["reachable", neighbors[0]!.mac], [
    "unknown",
    null,
  ]]);
  await run.clock.advance(60_000);
  const after = engine.neighbors();
  expect(after[0], "probed since, and answering still").toEqual(before[0]);
  expect(after[1]).toMatchObject({ address: neighbors[1]!.address, mac: null, state: "failed" });
  const failedMs = Date.parse(after[1]!.since) - run.clock.sinceEpoch() + run.clock.now();
  expect(failedMs).toBeGreaterThan(0);
  expect(failedMs).toBeLessThanOrEqual(NOTICED_MS);
});

describe("commands", () => {
  test("drain moves the backend's own buckets to the others, and undrain brings them back", async () => {
    const { run } = runWith(4, {});
    await using engine = await started(run);
    const [drained] = await carriedOut(run, engine.administer("web2", "draining"));
    expect(drained).toMatchObject({
      name: "web2",
      state: "draining",
      live: false,
      buckets: 0,
      why: "by command",
    });
    expect(run.lines()).toMatchObject([
      { event: "backend.draining", backend: "web2", was: "up", reason: "by command" },
      {
        event: "map.changed",
        moved: 1024,
        buckets: 4096,
        moves: [{ from: "web2" }, { from: "web2" }, { from: "web2" }],
      },
    ]);
    const [back] = await carriedOut(run, engine.administer("web/web2", "active"));
    expect(back).toMatchObject({ state: "up", live: true, buckets: 1024 });
  });

  test("a weight moves as few buckets as the map allows, weight 0 none but the backend's own", async () => {
    const { run } = runWith(4, { algorithm: "rendezvous" });
    await using engine = await started(run);
    const before = buckets(engine)[2]!;
    const [heavy] = await carriedOut(run, engine.setWeight("web3", 2));
    const moves = (line: { readonly [key: string]: unknown }) =>
      line["moves"] as readonly { readonly from: string; readonly to: string }[];
    const [map] = run.lines();
    expect(heavy!.weight).toBe(2);
    expect(heavy!.buckets - before).toBe(map!.moved);
    expect(moves(map!).map(({ to }) => to)).toEqual(["web3", "web3", "web3"]);
    const [none] = await carriedOut(run, engine.setWeight("web3", 0));
    expect(none).toMatchObject({ weight: 0, buckets: 0, state: "draining", why: "its weight is 0" });
    const changed = run.lines().find(({ event }) => event === "map.changed")!;
    expect(new Set(moves(changed).map(({ from }) => from))).toEqual(new Set(["web3"]));
    expect(changed.moved).toBe(heavy!.buckets);
  });

  test(`many at once come to one publication, with ${MANY} backends too`, async () => {
    const { neighbors, run } = runWith(MANY, { buckets: 65_536 });
    await using engine = await started(run);
    const before = run.attachment.publications;
    const all = neighbors.slice(0, HALF).map(({ name }) => engine.setWeight(name, 2));
    const statuses = await carriedOut(run, ...all);
    expect(run.attachment.publications - before).toBe(1);
    expect(new Set(statuses.map(({ weight }) => weight))).toEqual(new Set([2]));
    expect(Math.abs(statuses[0]!.buckets - 65_536 * 2 / (3 * HALF))).toBeLessThan(1);
  });

  test("what cannot be done is refused with a remedy, and nothing changes", async () => {
    const { run } = runWith(4, { fallback: "broadcast" });
    await using engine = await started(run);
    await expect(engine.administer("wbe1", "draining")).rejects.toThrow(
      new UsageError('There is no backend "wbe1"; use web1 or web2 or web3'),
    );
    await engine.setTechnique("broadcast");
    await expect(engine.setWeight("web1", 2)).rejects.toThrow(
      'use "oneip technique route --cluster web" first',
    );
    run.lines();
    await run.clock.advance(1000);
    expect(eventsOf(run)).toEqual([]);
  });
});

describe("health", () => {
  test(`${HALF} of ${MANY} backends down in one moment, and up again, come to one publication each`, async () => {
    const { neighbors, run } = runWith(MANY, { buckets: 65_536 });
    await using engine = await started(run);
    const half = neighbors.filter((_, index) => index % 2 === 0);
    const publicationsOf = async (health: typeof UP | typeof DOWN) => {
      const before = run.attachment.publications;
      for (const { name } of half) engine.healthChanged("web", name, health);
      await run.clock.advance(200);
      return run.attachment.publications - before;
    };
    const began = buckets(engine);
    expect(await publicationsOf(DOWN)).toBe(1);
    expect(run.lines().filter(({ event }) => event === "backend.down")).toHaveLength(HALF);
    expect(engine.status().clusters[0]!.live).toBe(HALF);
    expect(await publicationsOf(UP)).toBe(1);
    expect(buckets(engine)).toEqual(began);
    const lines = run.lines();
    expect(lines.filter(({ event }) => event === "backend.up")).toHaveLength(HALF);
    expect(lines.find(({ event }) => event === "map.changed")).toMatchObject({ moves: { length: 32 } });
  });

  test("says since when, why, and how long it was otherwise", async () => {
    const { run } = runWith(2, {});
    await using engine = await started(run);
    const upAtMs = run.clock.now();
    await run.clock.advance(60_000);
    engine.healthChanged("web", "web1", DOWN);
    await run.clock.advance(10_000);
    const [status] = engine.status().clusters[0]!.backends;
    expect(status).toMatchObject({ state: "down", why: "its port 80 refuses", health: { state: "down" } });
    expect(run.clock.now() - Date.parse(status!.since)).toBeLessThanOrEqual(10_000);
    const [down] = run.lines();
    expect(down).toMatchObject({
      event: "backend.down",
      by: "health",
      reason: "its port 80 refuses",
      was: "up",
    });
    expect(Math.abs(down!["wasForMs"] as number - 60_000)).toBeLessThanOrEqual(upAtMs);
  });

  async function flap(run: Run, engine: Engine, times: number): Promise<void> {
    for (let flip = 0; flip < times; flip++) {
      engine.healthChanged("web", "web1", DOWN);
      await run.clock.advance(2000);
      engine.healthChanged("web", "web1", UP);
      await run.clock.advance(2000);
    }
  }

  test("`flaps` says how often a backend may go down within a minute; by default three times", async () => {
    for (const [keys, flaps] of [[{}, 3], [{ flaps: 0 }, 0], [{ flaps: 6 }, 6]] as const) {
      const { run } = runWith(2, keys);
      await using engine = await started(run);
      const stateOf = () => engine.status().clusters[0]!.backends[0]!;
      await flap(run, engine, flaps);
      expect(stateOf()).toMatchObject({ state: "up", live: true });
      await flap(run, engine, 1);
      expect(stateOf()).toMatchObject({
        state: "flapping",
        live: false,
        why: `it went down more than ${flaps} times within a minute, and must stay up for a minute first`,
      });
    }
  });

  test("a backend that goes up and down is held down, named, and back when it has stayed up for a minute", async () => {
    const { run } = runWith(2, {});
    await using engine = await started(run);
    await flap(run, engine, 4);
    expect(eventsOf(run).filter((event) => event.endsWith("web1")).slice(-2)).toEqual([
      "backend.up web1",
      "backend.flapping web1",
    ]);
    expect(engine.status().clusters[0]!.backends[0]).toMatchObject({
      state: "flapping",
      live: false,
      buckets: 0,
    });
    await run.clock.advance(QUIET_MS - 3000);
    expect(buckets(engine)[0]).toBe(0);
    await run.clock.advance(2000);
    expect(eventsOf(run)).toEqual(["backend.up web1", "map.changed"]);
    expect(buckets(engine)[0]).toBe(2048);
  });

  test("counts no more below the minimum, with an alarm; silent neighbors are left out all the same", async () => {
    const { neighbors, run } = runWith(4, { minimum: 2 });
    await using engine = await started(run);
    for (const name of ["web1", "web2"]) engine.healthChanged("web", name, DOWN);
    await run.clock.advance(GATHERED_MS);
    expect(buckets(engine).slice(0, 2)).toEqual([0, 0]);
    neighbors[2]!.isAlive = false;
    run.lines();
    await run.clock.advance(NOTICED_MS);
    expect(run.lines().find(({ event }) => event === "health.ignored")).toMatchObject({
      live: 1,
      minimum: 2,
      level: 40,
    });
    expect(buckets(engine).map((count) => count > 0)).toEqual([true, true, false, true]);
    expect(engine.status().clusters[0]).toMatchObject({ healthIgnored: true, live: 3 });
    engine.healthChanged("web", "web1", UP);
    await run.clock.advance(GATHERED_MS);
    expect(eventsOf(run)).toContain("health.heeded");
    expect(buckets(engine).map((count) => count > 0)).toEqual([true, false, false, true]);
  });
});

test("a backup gets traffic only while no other backend is live", async () => {
  const { run } = runWith(3, {}, { web3: { backup: true } });
  await using engine = await started(run);
  expect(buckets(engine)).toEqual([2048, 2048, 0]);
  await carriedOut(run, engine.administer("web1", "draining"));
  expect(buckets(engine)).toEqual([0, 4096, 0]);
  engine.healthChanged("web", "web2", DOWN);
  await run.clock.advance(GATHERED_MS);
  expect(buckets(engine)).toEqual([0, 0, 4096]);
  engine.healthChanged("web", "web2", UP);
  await run.clock.advance(GATHERED_MS);
  expect(buckets(engine)).toEqual([0, 4096, 0]);
});

describe("no backend live", () => {
  for (const [noBackend, expected] of [["reject", 0], ["last-resort", 2048]] as const) {
    test(`${noBackend}: each has ${expected} buckets`, async () => {
      const { run } = runWith(2, { noBackend });
      await using engine = await started(run);
      for (const name of ["web1", "web2"]) engine.healthChanged("web", name, DOWN);
      await run.clock.advance(GATHERED_MS);
      expect(buckets(engine)).toEqual([expected, expected]);
    });
  }

  test("last-resort: those that drain get nothing new, unless all do; who is taken down gets nothing", async () => {
    const { run } = runWith(3, { noBackend: "last-resort" }, { web3: { weight: 0 } });
    await using engine = await started(run);
    engine.healthChanged("web", "web1", DOWN);
    await carriedOut(run, engine.administer("web2", "draining"));
    expect(buckets(engine), "the only one that people want").toEqual([4096, 0, 0]);
    await carriedOut(run, engine.administer("web1", "down"));
    expect(buckets(engine).slice(0, 1), "nobody is wanted: those that drain still serve").toEqual([0]);
    expect(buckets(engine).slice(1).every((count) => count > 0)).toBe(true);
    await carriedOut(run, engine.administer("web2", "down"), engine.administer("web3", "down"));
    expect(buckets(engine)).toEqual([0, 0, 0]);
  });
});

test("slow start: who returns gets its buckets in ten steps, and nobody else's move", async () => {
  const { run } = runWith(4, { slowStart: "10s" });
  await using engine = await started(run);
  const began = buckets(engine);
  engine.healthChanged("web", "web1", DOWN);
  await run.clock.advance(1000);
  engine.healthChanged("web", "web1", UP);
  await run.clock.advance(2 * GATHERED_MS);
  run.lines();
  const owned = [buckets(engine)[0]!];
  for (let step = 1; step < 10; step++) {
    await run.clock.advance(1000);
    owned.push(buckets(engine)[0]!);
  }
  const maps = run.lines().filter(({ event }) => event === "map.changed");
  expect(maps).toHaveLength(9);
  for (const { moves } of maps) {
    expect(new Set((moves as readonly { readonly to: string }[]).map(({ to }) => to))).toEqual(
      new Set(["web1"]),
    );
  }
  expect(owned).toEqual(owned.toSorted((a, b) => a - b));
  expect(owned[0]).toBeGreaterThan(50);
  expect(owned[0]).toBeLessThan(160);
  expect(buckets(engine)).toEqual(began);
  await run.clock.advance(10_000);
  expect(eventsOf(run)).toEqual([]);
});

test("frames that came before the dispatcher did go to whom they belong", async () => {
  const { neighbors, run } = runWith(4, {});
  const start = run.attachment.start.bind(run.attachment);
  run.attachment.start = (...now) => {
    start(...now);
    run.shares();
  };
  await using _engine = await run.start();
  await run.clock.advance(1000);
  expect([...run.link.delivered.keys()].map(({ name }) => name).sort()).toEqual(
    neighbors.map(({ name }) => name),
  );
});

test("once a backend has answered, its clients' frames wait no longer", async () => {
  const { neighbors: [web1], run } = runWith(1, {});
  web1!.isAlive = false;
  await using _engine = await run.start();
  await run.clock.advance(100);
  run.shares();
  web1!.isAlive = true;
  while (!run.link.delivered.has(web1!)) await run.clock.advance(1);
  await run.clock.advance(1);
  expect(run.shares()).toEqual([200]);
});

test("explain says who serves a client now, who keeps its older connections, and why", async () => {
  const { run } = runWith(2, {});
  await using engine = await started(run);
  const client = "192.0.2.7";
  const [{ backend: own, bucket } = { backend: null, bucket: -1 }] = engine.explain(client);
  expect(engine.explain(client)).toMatchObject([{
    client,
    cluster: "web",
    keeps: null,
    why: "the bucket is its own",
  }]);
  const other = own === "web1" ? "web2" : "web1";
  await carriedOut(run, engine.administer(own!, "draining"));
  expect(engine.explain(client)).toMatchObject([
    { bucket, backend: other, keeps: own, why: `${own}, whose bucket it is, is draining: by command` },
  ]);
  expect(() => engine.explain("nobody")).toThrow('"nobody" is no address; give one such as');
});
