import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../random.ts";
import { BUCKETS, INTERVAL_MS, Simulation } from "./simulation.ts";

const NAMES = ["web1", "web2", "web3", "web4"];
const ONE_EACH = new Array<number>(BUCKETS).fill(1);

/** All agents run and have settled. */
function settled(seed = 1, algorithm?: "maglev" | "modulo"): Simulation {
  const cluster = new Simulation(seed, NAMES, algorithm);
  for (const name of NAMES) cluster.start(name);
  cluster.run(2000);
  expect(cluster.owners()).toEqual(ONE_EACH);
  return cluster;
}

/** Every bucket is taken by one; but for the moment in which a kernel so slow that its lease ran out takes nothing. */
function settles(cluster: Simulation): void {
  for (let waited = 0; waited < 1000 && cluster.owners().includes(0); waited += 50) cluster.run(50);
  expect(cluster.owners()).toEqual(ONE_EACH);
}

/** No two machines that have heard each other for a while take one bucket. */
function noDoubles(cluster: Simulation, forMs: number): void {
  for (const one of NAMES) {
    for (const other of NAMES) {
      if (one >= other || cluster.connectedMs(one, other) < forMs) continue;
      const both = cluster.takes(one).and(cluster.takes(other)).intervals();
      if (both.length > 0) {
        throw new Error(`At ${cluster.nowMs} both ${one} and ${other} take ${JSON.stringify(both)}`);
      }
    }
  }
}

test("agents that start together share the buckets as the base map does", () => {
  const cluster = settled();
  for (const name of NAMES) {
    expect(cluster.takes(name).equals(cluster.owned(name, NAMES.join(",")))).toBe(true);
  }
  expect(cluster.alarms).toEqual([]);
});

test("a machine that dies is replaced within 1.5 s, and takes its buckets back when it returns", () => {
  const cluster = settled();
  cluster.kill("web2");
  const died = cluster.nowMs;
  while (cluster.owners().includes(0)) cluster.run(10, () => noDoubles(cluster, 0));
  expect(cluster.nowMs - died).toBeLessThan(1500);
  const live = "web1,web3,web4";
  for (const name of live.split(",")) {
    expect(cluster.takes(name).equals(cluster.owned(name, live))).toBe(true);
  }
  cluster.start("web2");
  cluster.run(1000, () => noDoubles(cluster, 0));
  expect(cluster.owners()).toEqual(ONE_EACH);
  expect(cluster.takes("web2").equals(cluster.owned("web2", NAMES.join(",")))).toBe(true);
});

test("an agent that dies leaves a kernel that stops before the others take its buckets", () => {
  const cluster = settled();
  cluster.killAgent("web3");
  cluster.run(3000, () => noDoubles(cluster, 0));
  expect(cluster.owners()).toEqual(ONE_EACH);
  expect(cluster.takes("web3").size).toBe(0);
});

test("one that leaves is replaced at once", () => {
  const cluster = settled();
  cluster.stop("web1");
  cluster.run(INTERVAL_MS, () => noDoubles(cluster, 0));
  expect(cluster.owners()).toEqual(ONE_EACH);
  expect(cluster.takes("web1").size).toBe(0);
});

describe("one that is cut off", () => {
  test("without its link takes nothing, and takes its buckets back without a double answer", () => {
    const cluster = settled();
    const web2 = cluster.machines.get("web2")!;
    web2.hasLink = false;
    for (const other of NAMES) cluster.connect("web2", other, false);
    cluster.run(3000);
    expect(cluster.takes("web2").size).toBe(0);
    expect(cluster.owners()).toEqual(ONE_EACH);
    web2.hasLink = true;
    for (const other of NAMES) cluster.connect("web2", other, true);
    cluster.run(1000, () => noDoubles(cluster, 0));
    expect(cluster.takes("web2").equals(cluster.owned("web2", NAMES.join(",")))).toBe(true);
  });

  test("keeps its own base share only; when the cut heals, the two owners are noticed and end", () => {
    const cluster = settled();
    cluster.kill("web1");
    cluster.run(2000);
    const more = cluster.takes("web2").size;
    for (const other of NAMES) cluster.connect("web2", other, false);
    cluster.run(3000);
    expect(more).toBeGreaterThan(cluster.takes("web2").size);
    expect(cluster.takes("web2").equals(cluster.owned("web2", NAMES.join(",")))).toBe(true);
    for (const other of NAMES) cluster.connect("web2", other, true);
    cluster.run(1000, () => noDoubles(cluster, 2 * INTERVAL_MS));
    expect(cluster.owners()).toEqual(ONE_EACH);
    expect(cluster.alarms.some((alarm) => alarm.includes("split of web2"))).toBe(true);
  });

  test("from one other only changes nothing", () => {
    const cluster = settled();
    cluster.connect("web1", "web4", false);
    cluster.run(5000, () => noDoubles(cluster, -1));
    expect(cluster.owners()).toEqual(ONE_EACH);
  });
});

describe("a heartbeat changes nothing", () => {
  test("that was recorded: of this life or one before", () => {
    const cluster = settled();
    const old = cluster.said.filter(({ name }) => name === "web2");
    cluster.kill("web2");
    cluster.run(2500);
    cluster.start("web2");
    cluster.run(1500);
    for (const heartbeat of old.slice(-20)) expect(cluster.inject("web1", heartbeat)).toBe("stale");
    cluster.kill("web2");
    // A dead backend does not come to life by its old words.
    for (let round = 0; round < 40; round++) {
      cluster.inject("web1", old.at(-1 - round % 10)!);
      cluster.run(50);
    }
    const others = NAMES.filter((name) => name !== "web2");
    expect(others.reduce((sum, name) => sum + cluster.takes(name).size, 0)).toBe(BUCKETS);
    expect(cluster.owners()).toEqual(ONE_EACH);
  });

  test("recorded before this agent started, when it cannot know better: it names another life of ours", () => {
    const cluster = settled();
    const old = cluster.said.filter(({ name }) => name === "web2");
    cluster.kill("web2");
    cluster.kill("web1");
    cluster.run(2500);
    cluster.start("web1");
    for (const heartbeat of old) {
      cluster.inject("web1", heartbeat);
      cluster.run(50);
    }
    cluster.run(1500);
    expect(cluster.owners()).toEqual(ONE_EACH);
    expect(cluster.takes("web2").size).toBe(0);
  });

  test("of another configuration, of an unknown backend, or of this backend from elsewhere", () => {
    const cluster = settled();
    const heartbeat = cluster.said.findLast(({ name }) => name === "web2")!;
    const held = () => NAMES.map((name) => cluster.takes(name).toOctets().toString()).join();
    const before = held();
    expect(cluster.inject("web1", { ...heartbeat, seq: heartbeat.seq + 1, digest: "two", live: "web2" }))
      .toBe("configuration");
    expect(cluster.inject("web1", { ...heartbeat, name: "web9" })).toBe("unknown");
    expect(cluster.inject("web1", { ...heartbeat, name: "web1", boot: heartbeat.boot + 1 })).toBe(
      "duplicate",
    );
    cluster.run(20);
    expect(held()).toBe(before);
  });

  test("of another configuration: neither present nor gone, until it is mended", () => {
    const cluster = settled();
    cluster.kill("web4");
    cluster.run(2000);
    cluster.digests.set("web4", "two");
    cluster.start("web4");
    cluster.run(5000, () => noDoubles(cluster, 0));
    expect(cluster.takes("web4").size).toBe(0);
    expect(cluster.owners()).toEqual(ONE_EACH);
    expect(cluster.alarms).toContain("web1: configuration of web4");
    cluster.kill("web4");
    cluster.digests.delete("web4");
    cluster.start("web4");
    cluster.run(2000, () => noDoubles(cluster, 0));
    expect(cluster.takes("web4").equals(cluster.owned("web4", NAMES.join(",")))).toBe(true);
  });
});

/** What may befall a cluster whose machines all hear each other. */
const FATES = ["kill", "killAgent", "start", "start", "stop", "sleep", "nothing"] as const;

describe("in no interleaving do two backends that hear each other take one bucket", () => {
  test.each(["maglev", "modulo"] as const)("whoever dies, sleeps, leaves and returns (%s)", (algorithm) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 }), (seed) => {
        const random = new Random(seed);
        const cluster = settled(seed, algorithm);
        cluster.isUnordered = random.below(2) === 0;
        for (let step = 0; step < 12; step++) {
          const name = NAMES[random.below(NAMES.length)]!;
          const machine = cluster.machines.get(name)!;
          const fate = FATES[random.below(FATES.length)]!;
          if (fate === "sleep") cluster.sleep(name, random.below(3000));
          else if (fate === "start") machine.agent === undefined && cluster.start(name);
          else if (fate !== "nothing") cluster[fate](name);
          cluster.run(random.below(1600), () => noDoubles(cluster, 0));
        }
        for (const name of NAMES) if (cluster.machines.get(name)!.agent === undefined) cluster.start(name);
        cluster.run(6000, () => noDoubles(cluster, 0));
        settles(cluster);
      }),
      { numRuns: 60 },
    );
  });

  test("whatever links break and heal meanwhile", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 }), (seed) => {
        const random = new Random(seed);
        const cluster = settled(seed);
        const some = () => NAMES[random.below(NAMES.length)]!;
        // Two that were apart need two rounds of heartbeats and a slow kernel to hear of it.
        const check = () => noDoubles(cluster, 4 * INTERVAL_MS);
        for (let step = 0; step < 12; step++) {
          cluster.connect(some(), some(), random.below(2) === 0);
          if (random.below(4) === 0) cluster.sleep(some(), random.below(2000));
          cluster.run(random.below(1600), check);
        }
        for (const one of NAMES) for (const other of NAMES) cluster.connect(one, other, true);
        cluster.run(6000, check);
        settles(cluster);
      }),
      { numRuns: 60 },
    );
  });
});
