/** What `oneip status` prints of a dispatcher in virtual time, within the width of a terminal. */

import { expect, test } from "vitest";
import type { Engine } from "oneip";
import { type Counters, countersOf } from "../../src/api/counters.ts";
import { ratesBetween } from "../../src/api/rates.ts";
import { describeStatus } from "../../src/cli/print_status.ts";
import { formatQuantity } from "../../src/system/quantity.ts";
import * as f from "../frames.ts";
import { clusterOf, machines, Run } from "../engine/run.ts";
import { backends, countersAt, STARTED_MS, statusOf as aStatusOf } from "../top/arrange.ts";

const HEALTH = { health: { type: "tcp", port: 80 } };

/** As the service puts it together. */
const statusOf = (run: Run, engine: Engine) => ({
  interface: "oneip0",
  runtime: "Deno 2.9.5",
  startedAt: new Date(run.clock.sinceEpoch() - run.clock.now()).toISOString(),
  fastPath: engine.fastPath,
  etcd: null,
  ...engine.status(),
});

test("a screen says who serves, since when, how much, how fast, why not, and what was dropped", async () => {
  const neighbors = machines(4);
  const own = { web3: { weight: 2 }, web4: { backup: true } };
  const run = new Run(neighbors, clusterOf(neighbors, { ...HEALTH, minimum: 2 }, own));
  const engine = await run.start();
  await run.clock.advance(70_000);
  engine.healthChanged("web", "web2", {
    state: "down",
    reason: "it refuses TCP connections to 10.0.0.100:80",
  });
  await run.clock.advance(100);
  const drained = engine.administer("web1", "draining");
  await run.clock.advance(100);
  await drained;
  const before = countersOf(engine, run.clock.sinceEpoch());
  for (let round = 0; round < 20; round++) run.shares();
  run.link.bring(f.ethernet(f.ipv4(f.udp([])), { dst: "02:00:00:00:00:77" }));
  await run.clock.advance(2000);
  const counters = countersOf(engine, run.clock.sinceEpoch());
  const text = describeStatus(
    { status: statusOf(run, engine), counters, rates: ratesBetween(before, counters) },
    run.clock.sinceEpoch(),
  );
  expect(text).toMatchInlineSnapshot(`
    "oneip0: up 1 min, epoch 4, Deno 2.9.5
    no fast path: the path runs inline
    cluster web: route, 2 of 4 backends get clients, 1375 of 4096 buckets in
      transition

    backend   state     for    weight    share   probe  frames/s  bits/s
    web/web1  draining  2 s         1    0.0 %  1.0 ms         0       0
        by command
    web/web2  down      2 s         1    0.0 %  1.0 ms         0       0
        it refuses TCP connections to 10.0.0.100:80
    web/web3  up        1 min       2  100.0 %  1.0 ms    2.00 k   864 k
    web/web4  up        1 min       1    0.0 %  1.0 ms         0       0
        backup

    dropped: drop_not_ours 1"
  `);
  expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  await engine.stop();
});

test("of many backends only those are listed that are not up; without two readings there are no rates", async () => {
  const neighbors = machines(100);
  const run = new Run(neighbors, clusterOf(neighbors, HEALTH));
  const engine = await run.start();
  await run.clock.advance(3000);
  engine.healthChanged("web", "web7", { state: "down", reason: "its port 80 refuses" });
  await run.clock.advance(100);
  const counters = countersOf(engine, run.clock.sinceEpoch());
  const text = describeStatus(
    { status: statusOf(run, engine), counters, rates: undefined },
    run.clock.sinceEpoch(),
  );
  expect(text).toMatchInlineSnapshot(`
    "oneip0: up 3 s, epoch 3, Deno 2.9.5
    no fast path: the path runs inline
    cluster web: route, 99 of 100 backends get clients

    backend   state  for  weight  share   probe
    web/web7  down   0 s       1  0.0 %  1.0 ms
        its port 80 refuses

    No frame was dropped."
  `);
  await engine.stop();
});

test("the fast path: where it is, its share of all frames, and what it left to the workers; or why there is none", () => {
  const some = backends(1);
  const lines = (fastPath: Engine["fastPath"], counted: Counters["fastPath"]) => {
    const counters = { ...countersAt(60, some), fastPath: counted };
    const shown = { status: { ...aStatusOf(some), fastPath }, counters, rates: undefined };
    return /\n((?:no )?fast path[^]*)\ncluster/.exec(describeStatus(shown, STARTED_MS))![1];
  };
  const attached = { interface: "oneip0", why: null };
  const passedUp = { capture: 0, frame: 14_990, icmp: 8, hop_limit: 2, port: 1 };
  expect(lines(attached, { dispatched: 985_000, passedUp })).toBe(
    "fast path: on oneip0, 98.5 % of 1.00 M frames;\n  passed up mostly for frame 15.0 k, icmp 8, hop_limit 2",
  );
  expect(lines(attached, { dispatched: 0, passedUp: {} })).toBe(
    "fast path: on oneip0, 0.0 % of 15.0 k frames",
  );
  expect(lines({ interface: null, why: "it takes Linux 6.6 or newer" }, { dispatched: 0, passedUp: {} }))
    .toBe(
      "no fast path: it takes Linux 6.6 or newer",
    );
});

test("of a pair it says which one is active in each family, since when and why", () => {
  const some = backends(1);
  const family = {
    ...{ mac: "00:00:5e:00:01:33", addresses: ["10.0.0.4"], priority: 100, sent: 7, heard: 7, takeovers: 1 },
    since: new Date(STARTED_MS).toISOString(),
  };
  const other = { address: "10.0.0.3", priority: 200 };
  const families = [
    {
      ...family,
      family: "IPv4" as const,
      state: "active" as const,
      forwards: true,
      other: null,
      splits: 2,
      why: "10.0.0.3 stops",
    },
    {
      ...family,
      family: "IPv6" as const,
      state: "backup" as const,
      forwards: false,
      other,
      splits: 0,
      why: "fe80::3 is active",
    },
  ];
  const status = { ...aStatusOf(some), pair: { id: 51, families } };
  const shown = { status, counters: countersAt(60, some), rates: undefined };
  expect(/\n(pair[^]*?)\ncluster/.exec(describeStatus(shown, STARTED_MS + 120_000))![1]).toBe(
    "pair 51, IPv4: active for 2 min; 10.0.0.3 stops; priority 100;\n  2 times both were active\n" +
      "pair 51, IPv6: backup for 2 min; fe80::3 is active; priority 100;\n  heard 10.0.0.3 with priority 200",
  );
});

test("by whose word a dispatcher of a fleet goes, and who lags", () => {
  const some = backends(1);
  const line = (etcd: object) => {
    const own = {
      name: "d1",
      endpoint: "http://10.0.0.5:2379",
      alone: false,
      why: null,
      refused: null,
      revision: 7,
    };
    const since = new Date(STARTED_MS).toISOString();
    const dispatchers = [{ name: "d1", revision: 7 }, { name: "d2", revision: 7 }];
    const status = { ...aStatusOf(some), etcd: { ...own, since, dispatchers, ...etcd } };
    const text = describeStatus(
      { status, counters: countersAt(60, some), rates: undefined },
      STARTED_MS + 60_000,
    );
    return /\n(etcd[^]*)\ncluster/.exec(text)![1]!.replaceAll("\n  ", " ");
  };
  expect(line({})).toBe("etcd: d1 goes by 2 dispatchers, runs by revision 7");
  expect(line({ refused: 9, dispatchers: [{ name: "d2", revision: 9 }, { name: "d3", revision: 0 }] })).toBe(
    "etcd: d1 goes by 2 dispatchers, runs by revision 7, refused revision 9, d2 by 9, d3 by its file",
  );
  expect(line({ alone: true, why: "etcd is slow", revision: 0 })).toBe(
    "etcd: d1 is alone for 1 min: etcd is slow, runs by the clusters of its file",
  );
});

test("quantities have three digits", () => {
  expect([0, 0.4, 999, 1234, 12_345, 999_400, 9_876_543, 1.5e10, 2e15].map(formatQuantity)).toEqual(
    ["0", "0", "999", "1.23 k", "12.3 k", "999 k", "9.88 M", "15.0 G", "2000 T"],
  );
});
