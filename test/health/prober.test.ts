/** What the prober finds of backends in memory, in virtual time. */

import { describe, expect, test } from "vitest";
import { roundsOf } from "../needs.ts";
import * as f from "../frames.ts";
import { ProbeBench } from "./arrange.ts";
import { askedIn, FLAGS } from "./segment.ts";

const BOTH = [f.IP.cluster, f.IP6.cluster];
const TCP = { health: { type: "tcp", port: 80 } };
const ICMP = { health: { type: "icmp" } };
const SOME_ROUNDS_MS = 20_000;

/** In hundredths: within the first second. */
async function started(bench: ProbeBench): Promise<ProbeBench> {
  bench.prober.start();
  await bench.clock.advance(1100);
  return bench;
}

for (const cluster of [TCP, ICMP]) {
  const { type } = cluster.health;

  test(`${type}: healthy in both families, up at the first answer`, async () => {
    const { changes, prober } = await started(new ProbeBench(cluster, { addresses: BOTH }));
    expect(changes).toEqual(["web1 up: it answers what it is asked"]);
    prober.stop();
  });

  for (const lacking of BOTH) {
    test(`${type}: without the cluster address ${lacking} it is down, and up again when it has it`, async () => {
      const bench = new ProbeBench(cluster, { addresses: BOTH });
      const { clock, changes, backends: [web1] } = await started(bench);
      web1!.addresses = BOTH.filter((address) => address !== lacking);
      await clock.advance(SOME_ROUNDS_MS);
      expect(changes).toHaveLength(2);
      expect(changes[1]).toMatch(/^web1 down alias-missing: it does not answer /);
      expect(changes[1]).toContain(lacking);
      web1!.addresses = BOTH;
      await clock.advance(SOME_ROUNDS_MS);
      expect(changes.slice(2)).toEqual(["web1 up: it answers what it is asked"]);
    });
  }

  test(`${type}: answered from another address`, async () => {
    const bench = new ProbeBench(cluster);
    const { clock, changes, backends: [web1] } = await started(bench);
    web1!.source = "10.0.1.0";
    await clock.advance(SOME_ROUNDS_MS);
    expect(changes[1]).toBe("web1 down wrong-source: it answers from 10.0.1.0 what is sent to 10.0.0.100");
  });

  test(`${type}: answered by another machine's MAC it is as silent as can be`, async () => {
    const bench = new ProbeBench(cluster);
    bench.backends[0]!.answersAs = f.MAC.other;
    bench.prober.start();
    await bench.clock.advance(SOME_ROUNDS_MS);
    expect(bench.changes).toHaveLength(1);
    expect(bench.changes[0]).toMatch(/^web1 down alias-missing/);
  });
}

for (const [address, code] of [[f.IP.cluster, 13], [f.IP6.cluster, 1]] as const) {
  test(`tcp: rejected at ${address} by a firewall`, async () => {
    const { clock, changes, backends: [web1] } = await started(new ProbeBench(TCP, { addresses: [address] }));
    web1!.rejectsWith = code;
    await clock.advance(SOME_ROUNDS_MS);
    expect(changes[1]).toMatch(
      /^web1 down firewall: it rejects TCP to .*:80: destination unreachable, code 1/,
    );
  });
}

test("tcp: a SYN, and a reset as soon as it is answered; nothing else", async () => {
  const { sent } = await started(new ProbeBench(TCP));
  expect(sent.map(({ frame }) => askedIn(frame).view.getUint8(13))).toEqual([FLAGS.syn, FLAGS.rst]);
});

test("tcp: a closed port refuses; fall failures bring it down, rise successes up", async () => {
  const bench = new ProbeBench({ health: { ...TCP.health, interval: "1s", rise: 3, fall: 4 } });
  const { clock, changes, backends: [web1] } = await started(bench);
  web1!.open = [];
  await clock.advance(3000);
  expect(changes).toHaveLength(1);
  await clock.advance(2000);
  expect(changes[1]).toBe("web1 down no-service: it refuses TCP connections to 10.0.0.100:80");
  web1!.open = [80];
  await clock.advance(1900);
  expect(changes).toHaveLength(2);
  await clock.advance(2000);
  expect(changes).toHaveLength(3);
});

test("tcp: echo requests answered and SYNs not: a firewall, or a server that takes no more", async () => {
  const { clock, changes, backends: [web1] } = await started(new ProbeBench(TCP));
  web1!.isFiltered = true;
  await clock.advance(SOME_ROUNDS_MS);
  expect(changes[1]).toMatch(/^web1 down firewall: .*although it answers echo requests/);
});

test("a start in front of a dead backend knows within five seconds", async () => {
  const bench = new ProbeBench(TCP);
  bench.backends[0]!.addresses = [];
  bench.prober.start();
  await bench.clock.advance(5000);
  expect(bench.changes).toHaveLength(1);
});

test("all of several probes must pass, and a backend's own stand in place of the cluster's", async () => {
  const both = new ProbeBench({ health: [TCP.health, ICMP.health, { type: "tcp", port: 81 }] });
  await started(both);
  expect(both.changes).toEqual(["web1 down no-service: it refuses TCP connections to 10.0.0.100:81"]);
  const own = new ProbeBench({ health: { type: "tcp", port: 81 } }, { keys: TCP });
  await started(own);
  expect(own.changes).toEqual(["web1 up: it answers what it is asked"]);
  const none = new ProbeBench({ ports: ["80/tcp"] }, { keys: { health: [] } });
  await started(none);
  expect(none.sent).toEqual([]);
});

test("service ports and no health: tcp at each TCP port, and the log says so once", async () => {
  const bench = new ProbeBench({ ports: ["80/tcp", "443/tcp", "53/udp"] });
  const { clock, changes, sent, logged } = await started(bench);
  const ports = new Set(sent.map(({ frame }) => askedIn(frame).view.getUint16(2)));
  expect([...ports].sort()).toEqual([443, 80]);
  expect(changes).toEqual(["web1 down no-service: it refuses TCP connections to 10.0.0.100:443"]);
  await clock.advance(SOME_ROUNDS_MS);
  expect(logged.filter((line) => line.includes("no health is given"))).toHaveLength(1);
  expect(logged).toHaveLength(1);
});

test("a machine that does not answer for its own address is down; one that has not answered yet is not judged", async () => {
  const bench = new ProbeBench(TCP, { count: 2 });
  bench.away.set(0, "unknown").set(1, "failed");
  await started(bench);
  expect(bench.changes).toEqual(["web2 down backend-down: it does not answer for its own address 10.0.1.1"]);
  expect(bench.sent).toEqual([]);
  bench.away.clear();
  await bench.clock.advance(SOME_ROUNDS_MS);
  expect(bench.changes.slice(1).map((change) => change.slice(0, 7)).sort()).toEqual(["web1 up", "web2 up"]);
});

test("answers that wait to be read are not too late", async () => {
  const bench = new ProbeBench(TCP, { count: 4 });
  bench.isBusy = true;
  await started(bench);
  await bench.clock.advance(SOME_ROUNDS_MS);
  expect(bench.changes).toHaveLength(4);
  expect(bench.prober.counts.failed).toBe(0);
});

test("we sleep for five seconds: nobody is down because of that, even at the first failure", async () => {
  const bench = new ProbeBench({ health: { ...TCP.health, interval: "200ms", fall: 1 } }, { count: 20 });
  await started(bench);
  expect(bench.changes).toHaveLength(20);
  for (const backend of bench.backends) backend.addresses = [];
  await bench.clock.advance(100);
  bench.clock.sleep(5000);
  for (const backend of bench.backends) backend.addresses = [f.IP.cluster];
  await bench.clock.advance(3000);
  expect(bench.prober.counts.doubted).toBeGreaterThan(0);
  expect(bench.changes.filter((change) => change.includes("down"))).toEqual([]);
});

describe("always late", () => {
  const HASTY = { health: { ...TCP.health, fall: 1 } };

  /** From now on each tenth of a second is followed by two more in which nothing here runs. */
  function lag({ clock }: ProbeBench): { stop(): void } {
    let isOver = false;
    const again = () => {
      if (isOver) return;
      clock.sleep(200);
      clock.after(100, again);
    };
    again();
    return { stop: () => isOver = true };
  }

  test("silence counts nothing while nobody is heard, however long", async () => {
    const bench = await started(new ProbeBench(HASTY, { count: 4 }));
    const { clock, changes, backends, prober } = bench;
    expect(changes).toHaveLength(4);
    const lagging = lag(bench);
    for (const backend of backends) backend.addresses = [];
    await clock.advance(60_000);
    expect(prober.counts.doubted).toBeGreaterThan(100);
    expect(changes).toHaveLength(4);
    lagging.stop();
    await clock.advance(5000);
    expect(changes.slice(4).filter((change) => change.includes(" down "))).toHaveLength(4);
  });

  test("a silent backend among others is found, and only it", async () => {
    const bench = await started(new ProbeBench(HASTY, { count: 4 }));
    const { clock, changes, backends } = bench;
    lag(bench);
    await clock.advance(5000);
    backends[2]!.addresses = [];
    await clock.advance(5000);
    expect(changes.slice(4)).toEqual([expect.stringMatching(/^web3 down alias-missing/)]);
    backends[2]!.addresses = [f.IP.cluster];
    await clock.advance(5000);
    expect(changes.slice(5)).toEqual(["web3 up: it answers what it is asked"]);
  });

  test("an only backend that refuses is found: its refusals were heard", async () => {
    const bench = await started(new ProbeBench(HASTY));
    const { clock, changes, backends } = bench;
    lag(bench);
    backends[0]!.open = [];
    await clock.advance(5000);
    expect(changes.slice(1)).toEqual([expect.stringMatching(/^web1 down no-service/)]);
  });
});

test("while frames are lost here a failure says little, but a dead backend is found all the same", async () => {
  const bench = new ProbeBench({ health: { ...TCP.health, interval: "1s" } });
  const { clock, changes, backends: [web1] } = await started(bench);
  web1!.addresses = [];
  const losing = () => {
    bench.lost++;
    clock.after(100, losing);
  };
  losing();
  await clock.advance(6000);
  expect(changes).toHaveLength(1);
  await clock.advance(10_000);
  expect(changes[1]).toMatch(/^web1 down/);
});

test("a thousand backends a second: all are asked, evenly enough, and 500 that go and return are found to", async () => {
  const count = roundsOf(1000);
  const half = count / 2 | 0;
  const bench = new ProbeBench({ health: { ...TCP.health, interval: "1s" } }, { count });
  const { clock, changes, backends, sent } = await started(bench);
  expect(changes).toHaveLength(count);
  sent.length = 0;
  await clock.advance(3000);
  const syns = sent.filter(({ frame }) => askedIn(frame).view.getUint8(13) === FLAGS.syn);
  expect(syns.length / 3).toBeGreaterThan(0.9 * count);
  expect(syns.length / 3).toBeLessThan(1.1 * count);
  const inTenMs = Map.groupBy(syns, ({ atMs }) => Math.floor(atMs / 10));
  // The path hands 64 answers up at once.
  expect(Math.max(...[...inTenMs.values()].map(({ length }) => length))).toBeLessThan(64);
  for (const backend of backends.slice(0, half)) backend.addresses = [];
  await clock.advance(6000);
  expect(changes).toHaveLength(count + half);
  for (const backend of backends) backend.addresses = [f.IP.cluster];
  await clock.advance(4000);
  expect(changes).toHaveLength(count + 2 * half);
});

test("100 probes that never end: each is given up at its time, 64 at most are under way, and all ports are free again", async () => {
  const bench = new ProbeBench({ health: { type: "http", interval: "1s", timeout: "500ms" } }, {
    count: 100,
  });
  await started(bench);
  await bench.clock.advance(SOME_ROUNDS_MS / 2);
  expect(bench.changes).toHaveLength(100);
  expect(bench.changes[0]).toMatch(/ down: it accepts a connection for http:.* and does not answer$/);
  let [underWay, most] = [0, 0];
  for (const { frame } of bench.sent) {
    const flags = askedIn(frame).view.getUint8(13);
    underWay += Number((flags & FLAGS.syn) !== 0) - Number((flags & FLAGS.rst) !== 0);
    most = Math.max(most, underWay);
  }
  expect(most).toBe(64);
  bench.prober.stop();
  expect(bench.sent.filter(({ frame }) => (askedIn(frame).view.getUint8(13) & FLAGS.rst) !== 0).length).toBe(
    bench.prober.counts.asked,
  );
});

test("over a reload what is known stays known, and nobody stays down for a probe that is gone", async () => {
  const before = new ProbeBench(TCP, { count: 2 });
  before.backends[0]!.open = [];
  await started(before);
  before.prober.stop();
  expect(before.changes.map((change) => change.slice(0, 9)).sort()).toEqual(["web1 down", "web2 up: "]);

  const same = new ProbeBench(TCP, { count: 2 });
  same.backends[0]!.open = [];
  same.prober.adopt(before.prober.record());
  expect(same.prober.faultOf("web", "web1")).toBe("no-service");
  await started(same);
  await same.clock.advance(SOME_ROUNDS_MS);
  expect(same.changes).toEqual([]);
  same.backends[0]!.open = [80];
  await same.clock.advance(SOME_ROUNDS_MS);
  expect(same.changes).toEqual(["web1 up: it answers what it is asked"]);

  const without = new ProbeBench({ health: [] }, { count: 2 });
  without.prober.adopt(before.prober.record());
  expect(without.changes).toEqual(["web1 up: it is not probed any more"]);
  expect(without.prober.isProbed("web", "web1")).toBe(false);
});
