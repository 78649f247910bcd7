/** Two dispatchers of which one is active, in virtual time: who has the shared addresses, and what a client notices when that changes. */

import { describe, expect, test } from "vitest";
import * as f from "../frames.ts";
import { roundsOf } from "../needs.ts";
import { Bench } from "../path/arrange.ts";
import { Arrangement } from "./arrange.ts";

/** At 50 ms advertisements: 3 * 50 ms, and (256 - 100) / 256 * 50 ms. And the way there, and what a timer is late. */
const DOWN_MS = 180.47;
const WAY_MS = 4;

const MINUTE_MS = 60_000;

test("the first one becomes active, the second one a backup; and each says so, since when and why", async () => {
  await using it = new Arrangement();
  const [one, two] = await it.pair();
  expect(one.families()).toMatchObject([
    {
      family: "IPv4",
      state: "active",
      why: "no other one was heard",
      forwards: true,
      mac: f.MAC.shared,
      takeovers: 1,
    },
    { family: "IPv6", state: "active", why: "no other one was heard", forwards: true, mac: f.MAC.shared6 },
  ]);
  expect(two.families()).toMatchObject([
    { state: "backup", forwards: false, other: { address: "10.0.0.2", priority: 100 } },
    { state: "backup", forwards: false, other: { address: "fe80::ff:fe00:2", priority: 100 } },
  ]);
  expect(it.router.neighbors.get(f.IP.cluster)).toBe(f.MAC.shared);
  expect(it.router.neighbors.get("2001:db8:0:0:0:0:0:100")).toBe(f.MAC.shared6);
  expect(it.router.neighbors.get("10.0.0.2"), "its own address stays at its own MAC").toBe(f.MAC.dispatcher);
});

test("in three minutes neither takes the other one's words for a conflict, and nothing changes", async () => {
  await using it = new Arrangement();
  const [one, two] = await it.pair();
  const minutes = roundsOf(3);
  await it.clock.advance(minutes * MINUTE_MS);
  expect([...one.log, ...two.log].filter(({ level }) => level > 30)).toEqual([]);
  expect([one.states(), two.states()]).toEqual([["active", "active"], ["backup", "backup"]]);
  expect(two.families()[0]!.heard).toBeGreaterThan(minutes * 1_167);
});

describe("what a client notices when the active one", () => {
  test("dies: a pause of Active_Down", async () => {
    await using it = new Arrangement();
    const [one, two] = await it.pair();
    const pause = await it.pauseDuring(1000, () => one.vanish());
    expect(pause).toBeGreaterThan(DOWN_MS - 50);
    expect(pause).toBeLessThan(DOWN_MS + WAY_MS);
    expect(two.families()).toMatchObject([
      { state: "active", why: "10.0.0.2 was not heard for 0.18 s" },
      { state: "active", why: "fe80::ff:fe00:2 was not heard for 0.18 s" },
    ]);
  });

  test("stops: nothing, because it forwards on until the other one is heard", async () => {
    await using it = new Arrangement();
    const [one, two] = await it.pair();
    let ended: Promise<void> | undefined;
    const pause = await it.pauseDuring(1000, () => void (ended = one.engine.stop()));
    await ended;
    expect(pause).toBeLessThanOrEqual(WAY_MS);
    expect(two.families()[0]).toMatchObject({ state: "active", why: "10.0.0.2 stops" });
  });

  test("stops and nobody else is there: it ends after Active_Down", async () => {
    await using it = new Arrangement();
    const one = await it.start("one");
    await it.clock.advance(2000);
    let hasEnded = false;
    void one.engine.stop().then(() => hasEnded = true);
    await it.clock.advance(DOWN_MS - 1);
    expect(hasEnded).toBe(false);
    await it.clock.advance(2);
    expect(hasEnded).toBe(true);
  });

  test.each([{ timersFirst: true }, { timersFirst: false }])(
    "stands still: a pause of Active_Down; and when it goes on, nothing, because it is a backup then ($timersFirst)",
    async (thaw) => {
      await using it = new Arrangement();
      const [one, two] = await it.pair();
      const pause = await it.pauseDuring(2000, () => one.freeze());
      expect(pause).toBeLessThan(DOWN_MS + WAY_MS);
      expect(two.states()).toEqual(["active", "active"]);
      expect(await it.pauseDuring(2000, () => one.thaw(thaw))).toBeLessThanOrEqual(WAY_MS);
      expect([one.states(), two.states()]).toEqual([["backup", "backup"], ["active", "active"]]);
      expect(two.families()[0]).toMatchObject({ takeovers: 1, splits: 0 });
      expect(one.families()[0]!.why).toBe("10.0.0.3 is active");
    },
  );

  test("stands still and nobody else is there: it goes on, and is active again", async () => {
    await using it = new Arrangement();
    const one = await it.start("one");
    await it.clock.advance(2000);
    one.freeze();
    await it.clock.advance(1000);
    expect(await it.pauseDuring(100, () => one.thaw()), "from the first moment on").toBeLessThanOrEqual(
      30 + WAY_MS,
    );
    expect(one.states()).toEqual(["backup", "backup"]);
    await it.clock.advance(DOWN_MS);
    expect(one.families()[0]).toMatchObject({
      state: "active",
      why: "no other one has taken its place",
    });
  });

  test("goes on by another configuration: nothing, and it is still active", async () => {
    await using it = new Arrangement();
    const [one, two] = await it.pair();
    const before = one.families()[0]!;
    const pause = await it.pauseDuring(1000, () => {
      void one.engine.reload(it.config("one", { priority: 150 })).then((next) => one.engine = next);
    });
    expect(pause).toBeLessThanOrEqual(WAY_MS);
    const { state, since, takeovers, priority } = one.families()[0]!;
    expect({ state, since, takeovers, priority }).toEqual({
      state: "active",
      since: before.since,
      takeovers: before.takeovers,
      priority: 150,
    });
    expect(two.states()).toEqual(["backup", "backup"]);
  });
});

test("one that is alone gets a pair by another configuration, and is alone again: no client notices", async () => {
  await using it = new Arrangement();
  const one = await it.start("one", null);
  await it.clock.advance(2000);
  const reload = (vrrp: object | null) =>
    it.pauseDuring(1000, () => {
      void one.engine.reload(it.config("one", vrrp)).then((next) => one.engine = next);
    });
  expect(await reload({})).toBeLessThanOrEqual(WAY_MS);
  expect(one.states()).toEqual(["active", "active"]);
  expect(it.router.neighbors.get(f.IP.cluster)).toBe(f.MAC.shared);
  expect(await reload({ id: 52 }), "another virtual router").toBeLessThanOrEqual(WAY_MS);
  expect(it.router.neighbors.get(f.IP.cluster)).toBe("00:00:5e:00:01:34");
  expect(await reload(null)).toBeLessThanOrEqual(WAY_MS);
  expect(it.router.neighbors.get(f.IP.cluster)).toBe(f.MAC.dispatcher);
});

test("a backup that stands still does not take over when it goes on", async () => {
  for (const timersFirst of [true, false]) {
    await using it = new Arrangement();
    const [one, two] = await it.pair();
    two.freeze();
    await it.clock.advance(5000);
    two.thaw({ timersFirst });
    await it.clock.advance(1000);
    expect([one.states(), two.states()]).toEqual([["active", "active"], ["backup", "backup"]]);
    expect(two.families()[0]!.takeovers).toBe(0);
  }
});

test("one that returns is a backup, though its priority is higher; with preemption it takes over, and no client notices", async () => {
  for (const preempt of [false, true]) {
    await using it = new Arrangement();
    const one = await it.start("one", { priority: 50, preempt });
    await it.clock.advance(2000);
    let two: Awaited<ReturnType<Arrangement["start"]>> | undefined;
    const pause = await it.pauseDuring(3000, () => {
      void it.start("two", { priority: 200, preempt }).then((started) => two = started);
    });
    expect(pause).toBeLessThanOrEqual(WAY_MS);
    expect(two!.states()).toEqual(preempt ? ["active", "active"] : ["backup", "backup"]);
    expect(one.states()).toEqual(preempt ? ["backup", "backup"] : ["active", "active"]);
    expect(two!.families()[0]!.splits + one.families()[0]!.splits).toBe(0);
  }
});

test("both are active while they cannot hear each other; then one is, the other one says so once, and no client notices", async () => {
  await using it = new Arrangement();
  const [one, two] = await it.pair();
  one.port.isCut = true;
  await it.clock.advance(3000);
  expect([one.states(), two.states()]).toEqual([["active", "active"], ["active", "active"]]);
  const pause = await it.pauseDuring(2000, () => void (one.port.isCut = false));
  expect(pause).toBeLessThanOrEqual(WAY_MS);
  // Of two with the same priority the one with the higher address; in IPv6 that is made from the MAC.
  expect([one.states(), two.states()]).toEqual([["backup", "backup"], ["active", "active"]]);
  expect(one.families()[0]!.why).toBe("10.0.0.3 is active with the same priority and a higher address");
  const told = [...one.events("pair.split"), ...two.events("pair.split")];
  expect(told.map(({ level, family }) => [level, family]).sort()).toEqual([[50, "IPv4"], [50, "IPv6"]]);
  const splits = [one, two].flatMap((it) => it.families()).reduce((sum, { splits }) => sum + splits, 0);
  expect(splits).toBe(2);
  expect(it.router.neighbors.get(f.IP.cluster)).toBe(f.MAC.shared);
});

test("of another one that goes on and does not hear us it is told once, and again only when that was over", async () => {
  await using it = new Arrangement();
  const one = await it.start("one");
  await it.clock.advance(2000);
  for (const episode of [1, 2]) {
    for (let count = 0; count < 600; count++) {
      it.segment.send(f.vrrp({ from: "10.0.0.9", priority: 1 }));
      await it.clock.advance(50);
    }
    expect(one.events("pair.split")).toHaveLength(episode);
    await it.clock.advance(1000);
  }
});

test("verification by a backup finds no fault in the one that is active", async () => {
  await using it = new Arrangement();
  await it.start("one");
  await it.clock.advance(2000);
  it.verify = "warn";
  const two = await it.start("two");
  await it.clock.advance(10_000);
  const found = two.log.flatMap((line) => "id" in line ? [line.id] : []);
  expect(found.length, "others it finds").toBeGreaterThan(0);
  expect(found).not.toContain("address-taken");
});

test("another machine that claims a shared address is told of by both, and answered by the active one alone", async () => {
  await using it = new Arrangement();
  const [one, two] = await it.pair();
  const begun = it.segment.frames.length;
  const claim = f.arp({ senderMac: f.MAC.other, senderIp: f.IP.cluster, targetIp: f.IP.cluster });
  it.segment.send(f.ethernet(claim, { src: f.MAC.other, dst: f.MAC.broadcast, type: f.ETHERTYPE.arp }));
  await it.clock.advance(10);
  for (const { log } of [one, two]) {
    expect(log.filter(({ msg }) => msg === "another machine claims an address of ours")).toHaveLength(1);
  }
  const said = f.hex(
    f.arp({
      senderMac: f.MAC.shared,
      senderIp: f.IP.cluster,
      targetMac: f.MAC.shared,
      targetIp: f.IP.cluster,
    }),
  );
  const answers = it.segment.frames.slice(begun).map(f.hex).filter((frame) => frame.includes(said));
  expect(answers.map((frame) => frame.slice(18, 35)), "from the virtual MAC, to all and to the router")
    .toEqual(
      [f.MAC.shared, f.MAC.shared].map((mac) => mac.replaceAll(":", " ")),
    );
});

test("technique broadcast: the active one alone answers, for the group's MAC", async () => {
  await using it = new Arrangement();
  const [one, two] = await it.pair({}, { technique: "broadcast", group: "03:bf:0a:00:00:64" });
  expect(it.router.neighbors.get(f.IP.cluster)).toBe("03:bf:0a:00:00:64");
  expect(it.router.neighbors.get(f.IP.shared)).toBe(f.MAC.shared);
  it.segment.send(f.ethernet(f.arp(), { dst: f.MAC.broadcast, type: f.ETHERTYPE.arp }));
  await it.clock.advance(10);
  expect([one, two].map(({ engine }) => engine.report().verdicts["answered_arp"])).toEqual([1, 0]);
  one.vanish();
  await it.clock.advance(1000);
  it.segment.send(f.ethernet(f.arp(), { dst: f.MAC.broadcast, type: f.ETHERTYPE.arp }));
  await it.clock.advance(10);
  expect(two.engine.report().verdicts["answered_arp"]).toBe(1);
});

describe("100,000 advertisements in a second", () => {
  const WRONG = [
    f.vrrp({ hopLimit: 64 }),
    f.vrrp({ checksum: "wrong" }),
    f.vrrp({ id: 7 }),
    f.vrrp({ cut: 3 }),
    f.vrrp({ version: 2 }),
    f.vrrp({ interval: 0 }),
    f.vrrp6({ hopLimit: 1 }),
    f.vrrp6({ checksum: "wrong" }),
  ];

  test("that are wrong keep out neither a right one nor an answer of a neighbor", () => {
    const bench = new Bench({ vrrp: { id: 51, addresses: [f.IP.shared, f.IP6.shared] } });
    const answer = f.ethernet(f.arp({ operation: 2, targetIp: f.IP.dispatcher }), { type: f.ETHERTYPE.arp });
    const became = new Map<string, number>();
    const ofEach = roundsOf(12_500);
    for (let count = 0; count < ofEach * WRONG.length; count++) {
      const ms = count / 100;
      const { verdict } = bench.receive(WRONG[count % WRONG.length]!, ms);
      became.set(verdict, (became.get(verdict) ?? 0) + 1);
      if (count % 5000 !== 0) continue;
      expect(bench.receive(f.vrrp(), ms).verdict).toBe("heard_advertisement");
      expect(bench.receive(answer, ms).verdict).toBe("heard_neighbor");
    }
    expect([...became]).toEqual([["drop_vrrp_malformed", 7 * ofEach], ["drop_vrrp_other", ofEach]]);
  });

  test("that are right are heard a thousand times, and the rest is dropped and counted", () => {
    const bench = new Bench({ vrrp: { id: 51, addresses: [f.IP.shared, f.IP6.shared] } });
    const right = f.vrrp();
    const became = new Map<string, number>();
    for (let count = 0; count < roundsOf(100_000); count++) {
      const { verdict } = bench.receive(right, count / 100);
      became.set(verdict, (became.get(verdict) ?? 0) + 1);
    }
    expect([...became.keys()]).toEqual(["heard_advertisement", "drop_rate_limit"]);
    expect(became.get("heard_advertisement")).toBeLessThan(1100);
  });

  test("of a forger with a lower priority: the active one goes on, asserts itself within bounds, and says it once", async () => {
    await using it = new Arrangement();
    const [one] = await it.pair();
    const before = one.families()[0]!.sent;
    const forged = f.vrrp({ from: "10.0.0.66", priority: 1 });
    for (let ms = 0; ms < 1000; ms += 10) {
      for (let count = 0; count < 100; count++) one.port.give(forged);
      await it.clock.advance(10);
    }
    const { state, sent, splits } = one.families()[0]!;
    expect([state, splits]).toEqual(["active", 1]);
    expect(sent - before).toBeLessThanOrEqual(125);
    expect(one.events("pair.split")).toHaveLength(1);
  });
});
