/** Dispatchers that share by etcd, in virtual time: what they go by, and when one is alone. */

import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { UsageError } from "oneip";
import { clusters, Fleet, type Member } from "./dispatchers.ts";

let fleet: Fleet;
afterEach(() => fleet.end());

async function started(count: number, keys?: string): Promise<[Fleet, ...Member[]]> {
  fleet = new Fleet(count, undefined, keys);
  await fleet.start();
  return [fleet, ...fleet.members];
}

/** What it comes to, as virtual time goes by. */
async function done<T>(promise: Promise<T>): Promise<T> {
  let isDone = false;
  promise.catch(() => {}).finally(() => isDone = true);
  while (!isDone) await fleet.clock.advance(10);
  return await promise;
}

const ALL = ["web1", "web2", "web3", "web4"];
const WITHOUT_2 = ["web1", "web3", "web4"];

test("a backend is down for all when most find it so; what one alone finds changes nothing, and its status says why", async () => {
  const [, d1, d2, d3] = await started(3) as [Fleet, Member, Member, Member];
  expect(fleet.members.map((member) => member.events())).toEqual([["fleet.agreed"], ["fleet.agreed"], [
    "fleet.agreed",
  ]]);
  fleet.set(1, false, [d1]);
  await fleet.clock.advance(70_000);
  expect(fleet.members.map((member) => member.serving())).toEqual([ALL, ALL, ALL]);
  expect(d1.running.status().clusters[0]!.backends[1]).toMatchObject({
    state: "down",
    live: true,
    why:
      "it does not answer for its address; but it gets clients, because most dispatchers of the fleet find it live",
  });
  fleet.set(1, false, [d2]);
  await fleet.clock.advance(70_000);
  expect(fleet.members.map((member) => member.serving())).toEqual([WITHOUT_2, WITHOUT_2, WITHOUT_2]);
  expect(d3.running.status().clusters[0]!.backends[1]!.why).toMatch(/but it gets no clients, because most/);
  expect(new Set(fleet.members.map((member) => member.owners())).size).toBe(1);
  expect(fleet.members.flatMap((member) => member.events())).toEqual([]);
});

test("who finds nobody live has no say while others do", async () => {
  const [, d1, d2] = await started(2) as [Fleet, Member, Member];
  for (const machine of [0, 1, 2, 3]) fleet.set(machine, false, [d1]);
  await fleet.clock.advance(70_000);
  expect([d1.serving(), d2.serving()]).toEqual([ALL, ALL]);
});

test("a drain and a weight are for all, also for who comes later; undone they are gone from etcd", async () => {
  const [, d1, d2, d3] = await started(3) as [Fleet, Member, Member, Member];
  expect(await done(d1.following.decide("web2", { state: "draining" }))).toMatchObject({
    state: "draining",
    buckets: 0,
  });
  await done(d2.following.decide("web/web1", { weight: 3 }));
  await fleet.clock.advance(200);
  expect(fleet.members.map((member) => member.serving())).toEqual([WITHOUT_2, WITHOUT_2, WITHOUT_2]);
  await d3.die();
  await d3.start();
  await fleet.clock.advance(8000);
  expect(d3.running.status().clusters[0]!.backends.map(({ state, weight }) => [state, weight])).toEqual([
    ["up", 3],
    ["draining", 1],
    ["up", 1],
    ["up", 1],
  ]);
  expect(new Set(fleet.members.map((member) => member.owners())).size).toBe(1);
  await done(d3.following.decide("web2", { state: "active" }));
  await done(d3.following.decide("web1", { weight: 0 }));
  await fleet.clock.advance(200);
  expect(d1.serving()).toEqual(["web2", "web3", "web4"]);
  // As the base map of before was made by weight 3, so is this one.
  expect(new Set(fleet.members.map((member) => member.owners())).size).toBe(1);
  expect(fleet.etcd.value("/oneip/decisions/web/web2")).toBeUndefined();
  await expect(done(d1.following.decide("web9", { weight: 1 }))).rejects.toThrow(UsageError);
});

test("etcd is gone: what a dispatcher finds counts at once, its map stays, and nothing can be decided; then they agree again", async () => {
  const [, d1, d2] = await started(2) as [Fleet, Member, Member];
  d1.lines();
  d1.way.isRefused = true;
  await fleet.clock.advance(3000);
  expect(d1.isAlone).toBe(false);
  const before = d1.owners();
  await fleet.clock.advance(6000);
  expect(d1.isAlone).toBe(true);
  expect(d1.lines()).toMatchObject([{
    event: "fleet.alone",
    reason: "http://10.0.0.5:2379 cannot be reached: ECONNREFUSED",
  }]);
  expect(d1.owners()).toBe(before);
  fleet.set(1, false, [d1]);
  await fleet.clock.advance(70_000);
  expect(d1.serving()).toEqual(WITHOUT_2);
  // The other one is alone with its word, since the lease is over.
  expect(d2.following.status()).toMatchObject({ isAlone: false, dispatchers: [{ name: "d2" }] });
  await expect(done(d1.following.decide("web1", { weight: 5 }))).rejects.toThrow(
    "It must be written down in etcd for all dispatchers, and was not, so nothing was changed: " +
      "http://10.0.0.5:2379 cannot be reached: ECONNREFUSED",
  );
  fleet.set(1, true, [d1]);
  d1.way.isRefused = false;
  await fleet.clock.advance(10_000);
  expect(d1.lines().map(({ event }) => event)).toContain("fleet.agreed");
  expect([d1.serving(), d2.serving()]).toEqual([ALL, ALL]);
  expect(d1.following.known()!.counts.alone).toBe(1);
});

test("with a wrong password a dispatcher is alone, and says so; once it is right it needs no other start", async () => {
  fleet = new Fleet(1, undefined, ", user: oneip, passwordFile: password");
  fleet.etcd.password = "right";
  const password = join(fleet.folder, "password");
  writeFileSync(password, "wrong\n");
  await fleet.start();
  const d1 = fleet.members[0]!;
  const why = () => d1.following.status()!.why;
  expect([d1.isAlone, why(), d1.serving()]).toEqual([
    true,
    "http://10.0.0.5:2379 refuses: etcdserver: authentication failed, invalid user ID or password",
    ALL,
  ]);
  const asked = () => fleet.etcd.asked["auth/authenticate"]!;
  const before = asked();
  await fleet.clock.advance(60_000);
  expect(asked() - before).toBeLessThan(10);
  rmSync(password);
  await fleet.clock.advance(20_000);
  expect(why()).toBe(`fleet.etcd.passwordFile: cannot read "${password}": ENOENT`);
  writeFileSync(password, "right\n");
  await fleet.clock.advance(20_000);
  expect(d1.isAlone).toBe(false);
  fleet.etcd.forgetTokens();
  await fleet.clock.advance(10_000);
  expect(d1.isAlone).toBe(false);
});

test("etcd hangs: a fail-over waits a second for it, and no longer", async () => {
  const [, d1] = await started(1) as [Fleet, Member];
  d1.way.slowMs = 100;
  fleet.set(1, false);
  while (d1.running.finding()["web"]!["web2 10.0.1.1"] !== 0) await fleet.clock.advance(10);
  d1.way.isCut = true;
  await fleet.clock.advance(900);
  expect(d1.serving()).toEqual(ALL);
  await fleet.clock.advance(400);
  expect(d1.serving()).toEqual(WITHOUT_2);
});

test("a killed dispatcher's word counts until its lease is over, and delays no fail-over of two", async () => {
  const [, d1, d2] = await started(2) as [Fleet, Member, Member];
  await d2.die();
  fleet.set(1, false, [d1]);
  while (d1.running.status().clusters[0]!.backends[1]!.neighbor.state !== "failed") {
    await fleet.clock.advance(10);
  }
  await fleet.clock.advance(200);
  expect(d1.serving()).toEqual(WITHOUT_2);
  await fleet.clock.advance(7000);
  expect(d1.following.status()!.dispatchers.map(({ name }) => name)).toEqual(["d1"]);
  await d2.start();
});

test("a configuration that is pushed is run by all within a moment; one that will not do is named, and changes nothing", async () => {
  const [, d1, d2] = await started(2) as [Fleet, Member, Member];
  fleet.etcd.put("/oneip/configuration", clusters("    seed: 7\n"));
  await fleet.clock.advance(300);
  const { revision } = fleet.etcd;
  expect([d1, d2].map(({ running }) => running.config.clusters[0]!.seed)).toEqual([7, 7]);
  expect(d1.following.status()).toMatchObject({
    refused: null,
    dispatchers: [{ name: "d1" }, { name: "d2" }],
  });
  const used = d1.following.status()!.revision;
  expect(used).toBeLessThanOrEqual(revision);
  expect(d1.events()).toEqual(["fleet.agreed", "configuration.reloaded"]);

  fleet.etcd.put("/oneip/configuration", clusters("    sed: 8\n"));
  await fleet.clock.advance(3000);
  const [refused, ...others] = d1.lines().filter(({ event }) => event?.startsWith("configuration."));
  expect(others).toEqual([]);
  expect(refused).toMatchObject({ event: "configuration.refused" });
  expect(refused!.reason).toMatch(
    /^etcd's revision \d+:5:5: Unknown key in "clusters\[0\]", found "sed", use name/,
  );
  expect(d1.following.status()).toMatchObject({
    isAlone: false,
    revision: used,
    refused: expect.any(Number),
  });
  expect(d1.running.config.clusters[0]!.seed).toBe(7);

  fleet.etcd.put("/oneip/configuration", "- nonsense: [");
  fleet.etcd.put("/oneip/dispatchers/d9", "nonsense");
  await fleet.clock.advance(3000);
  expect(d1.lines().map(({ event, keys }) => [event, keys])).toEqual([
    ["fleet.nonsense", ["/oneip/dispatchers/d9"]],
    ["configuration.refused", undefined],
  ]);
  fleet.etcd.put("/oneip/configuration", clusters("    health: {type: exec, command: [/bin/true]}\n"));
  await fleet.clock.advance(3000);
  expect(d1.lines()).toMatchObject([{
    reason: expect.stringMatching(/^What is shared has a probe of type exec/),
  }]);

  fleet.etcd.put("/oneip/configuration", clusters("    seed: 9\n", 3));
  await fleet.clock.advance(300);
  expect([d1, d2].map((member) => member.serving())).toEqual([ALL.slice(0, 3), ALL.slice(0, 3)]);
  expect(d1.following.status()!.refused).toBe(null);
});

test("two fleets with one prefix: the other one's clusters are refused, and its dispatchers have no say", async () => {
  const [, d1] = await started(1) as [Fleet, Member];
  d1.lines();
  fleet.etcd.put("/oneip/configuration", clusters().replace("name: web\n", "name: mail\n"));
  fleet.etcd.put(
    "/oneip/dispatchers/m1",
    JSON.stringify({ mac: "02:00:00:00:00:99", revision: 1, finding: { mail: { "web1 10.0.1.0": 0 } } }),
  );
  await fleet.clock.advance(3000);
  expect(d1.lines()).toMatchObject([{
    event: "configuration.refused",
    reason: expect.stringMatching(
      /^What is shared has none of the clusters of .* \(it has mail, the file web\): perhaps two fleets have one prefix/,
    ),
  }]);
  expect(d1.serving()).toEqual(ALL);
});

test("two dispatchers of one name: the one that comes later is alone, and says why", async () => {
  const [, d1, d2] = await started(2) as [Fleet, Member, Member];
  d1.lines();
  fleet.etcd.put(
    "/oneip/dispatchers/d1",
    JSON.stringify({ mac: "02:00:00:00:00:99", revision: 0, finding: {} }),
  );
  await fleet.clock.advance(5000);
  expect(d1.lines()).toMatchObject([{
    event: "fleet.alone",
    reason: "another dispatcher has the name d1: give each one its own with fleet.etcd.name",
  }]);
  fleet.etcd.put("/oneip/dispatchers/d1", "nonsense");
  await fleet.clock.advance(5000);
  expect(d1.events().at(-1)).toBe("fleet.agreed");
  expect(d2.isAlone).toBe(false);
});

test("etcd is restored from an older copy: nothing is taken back until somebody pushes, not even a drain", async () => {
  const [, d1, d2] = await started(2) as [Fleet, Member, Member];
  fleet.etcd.put("/oneip/configuration", clusters("    seed: 7\n"));
  await fleet.clock.advance(300);
  const copy = fleet.etcd.snapshot();
  fleet.etcd.put("/oneip/configuration", clusters("    seed: 8\n"));
  await fleet.clock.advance(300);
  await done(d1.following.decide("web2", { state: "draining" }));
  d1.lines();
  fleet.etcd.restore(copy);
  await fleet.clock.advance(3000);
  expect(d1.events()).toEqual(["fleet.behind", "fleet.alone"]);
  // Also when its revisions have caught up, by what others write.
  for (let n = 0; n < 100; n++) fleet.etcd.put("/elsewhere", String(n));
  await fleet.clock.advance(5000);
  expect([d1, d2].map(({ running }) => running.config.clusters[0]!.seed)).toEqual([8, 8]);
  expect([d1, d2].map((member) => member.serving())).toEqual([WITHOUT_2, WITHOUT_2]);
  await expect(done(d1.following.decide("web2", { state: "active" }))).rejects.toThrow(/etcd is behind/);
  fleet.etcd.put("/oneip/configuration", clusters("    seed: 9\n"));
  await fleet.clock.advance(3000);
  expect([d1, d2].map(({ running, isAlone }) => [running.config.clusters[0]!.seed, isAlone])).toEqual([[
    9,
    false,
  ], [
    9,
    false,
  ]]);
});

test("compaction, a mute watch, a thousand events, a lost lease and no quorum do no harm", async () => {
  const [, d1, d2] = await started(2) as [Fleet, Member, Member];
  d1.lines();
  fleet.etcd.compacted = fleet.etcd.revision + 50;
  fleet.etcd.endWatches();
  await fleet.clock.advance(5000);
  fleet.etcd.compacted = 0;
  const asked = () => fleet.etcd.asked["kv/txn"]!;
  let before = asked();
  for (let n = 0; n < 1000; n++) fleet.etcd.put("/oneip/other", String(n));
  await fleet.clock.advance(1000);
  // What is written at once is read at once, not a thousand times.
  expect(asked() - before).toBeLessThan(60);

  d1.way.isMute = true;
  await done(d2.following.decide("web2", { state: "draining" }));
  await fleet.clock.advance(2100);
  expect(d1.serving()).toEqual(WITHOUT_2);
  const { watches } = d1.following.known()!.counts;
  d1.way.isMute = false;
  await fleet.clock.advance(5000);
  expect(d1.following.known()!.counts.watches).toBeGreaterThan(watches);

  fleet.etcd.isHeadless = true;
  await fleet.clock.advance(4000);
  fleet.etcd.isHeadless = false;
  await fleet.clock.advance(4000);
  expect(d1.events()).toEqual([]);
  fleet.etcd.isHeadless = true;
  await fleet.clock.advance(30_000);
  fleet.etcd.isHeadless = false;
  await fleet.clock.advance(5000);
  expect(d1.events()).toEqual(["fleet.alone", "fleet.agreed"]);
  expect(new Set(fleet.members.map((member) => member.owners())).size).toBe(1);

  before = asked();
  await fleet.clock.advance(60_000);
  // Idle, a turn each two seconds and two requests in it, for each of the two.
  expect(asked() - before).toBeLessThan(65);
});
