/** Faults of servers, machines, the link and ourselves, in virtual time: who loses clients, who does not, and that all comes back. */

import { expect, test } from "vitest";
import { roundsOf } from "../needs.ts";
import { FIRST_PROBE_PORT, PROBE_PORTS } from "../../src/path/probe_ports.ts";
import * as f from "../frames.ts";
import { clusterOf, machines, Run } from "./run.ts";
import type { Neighbor } from "./simulated_link.ts";

const QUICK = { health: { type: "tcp", port: 80, interval: "200ms", timeout: "100ms", fall: 1, rise: 1 } };
const USUAL = { health: { type: "tcp", port: 80 } };

/** In which each fault is found, and its end. */
const FOUND_MS = 10_000;
const HOUR_MS = 3_600_000;

const OTHER = f.MAC.other;
const [SYN_ACK, RST_ACK] = [0x12, 0x14];

async function started(
  { count = 4, others = [] as readonly Neighbor[], cluster = USUAL as object, forMs = FOUND_MS } = {},
) {
  const backends = machines(count);
  const run = new Run([...backends, ...others], clusterOf(backends, cluster));
  const engine = await run.start();
  await run.clock.advance(forMs);
  /** Whoever was told to be down since this was last asked. */
  const down = () =>
    run.lines().filter(({ event }) => event === "backend.down").map(({ backend }) => backend).sort();
  expect(down()).toEqual([]);
  return { run, engine, clock: run.clock, link: run.link, backends, down };
}

type Arranged = Awaited<ReturnType<typeof started>>;

interface Fault {
  readonly name: string;
  begins(arranged: Arranged): void;
  ends(arranged: Arranged): void;
  readonly lost: readonly string[];
  readonly others?: readonly Neighbor[];
}

const ALL = ["web1", "web2", "web3", "web4"];

/** Has the address of web1, and no server. */
const taker: Neighbor = { name: "taker", address: machines(1)[0]!.address, mac: OTHER, isAlive: false };

const faults: readonly Fault[] = [
  {
    name: "a server is killed",
    begins: ({ backends }) => backends[0]!.server.open = [],
    ends: ({ backends }) => backends[0]!.server.open = [80],
    lost: ["web1"],
  },
  {
    name: "a server takes no more connections",
    begins: ({ backends }) => backends[0]!.server.isFiltered = true,
    ends: ({ backends }) => backends[0]!.server.isFiltered = false,
    lost: ["web1"],
  },
  {
    name: "a machine's interface is down",
    begins: ({ backends }) => backends[0]!.isAlive = false,
    ends: ({ backends }) => backends[0]!.isAlive = true,
    lost: ["web1"],
  },
  {
    name: "the link is cut in two",
    begins: ({ backends }) => backends.slice(2).forEach((backend) => backend.isAlive = false),
    ends: ({ backends }) => backends.slice(2).forEach((backend) => backend.isAlive = true),
    lost: ["web3", "web4"],
  },
  {
    name: "the TAP is out of its bridge",
    begins: ({ link }) => link.isCut = true,
    ends: ({ link }) => link.isCut = false,
    lost: ALL,
  },
  {
    name: "the TAP is down",
    begins: ({ link }) => link.isDown = true,
    ends: ({ link }) => link.isDown = false,
    lost: ALL,
  },
  {
    name: "another machine has a dead backend's address",
    others: [taker],
    begins({ backends }) {
      backends[0]!.isAlive = false;
      taker.isAlive = true;
    },
    ends({ backends }) {
      backends[0]!.isAlive = true;
      taker.isAlive = false;
    },
    lost: ["web1"],
  },
  {
    name: "another machine has a living backend's address",
    others: [taker],
    begins: () => taker.isAlive = true,
    ends: () => taker.isAlive = false,
    lost: [],
  },
  {
    name: "a third machine says again and again that it has the backends' addresses",
    begins({ clock, link, backends }) {
      const endMs = clock.now() + FOUND_MS;
      const claim = () => {
        for (const { address } of backends) link.bring(claimOf(address));
        if (clock.now() < endMs) clock.after(100, claim);
      };
      claim();
    },
    ends: () => {},
    lost: [],
  },
  {
    name: "a server is slow, and not for good",
    begins({ clock, backends: [web1] }) {
      web1!.slowMs = 5000;
      // Two attempts in a row are too late.
      clock.after(3000, () => web1!.slowMs = 0);
    },
    ends: () => {},
    lost: [],
  },
  {
    name: "the wall clock is set back an hour",
    begins: ({ clock }) => clock.setWall(-HOUR_MS),
    ends: ({ clock }) => clock.setWall(2 * HOUR_MS),
    lost: [],
  },
];

/** To the dispatcher, in answer to nothing. */
function claimOf(senderIp: string): Uint8Array {
  const claim = f.arp({
    operation: 2,
    senderMac: OTHER,
    senderIp,
    targetMac: f.MAC.dispatcher,
    targetIp: f.IP.dispatcher,
  });
  return f.ethernet(claim, { src: OTHER, type: f.ETHERTYPE.arp });
}

for (const { name, begins, ends, lost, others = [] } of faults) {
  test(`${name}: ${lost.length === 0 ? "nobody is" : lost.join(", ")} down, and after it all is as before`, async () => {
    const arranged = await started({ others });
    const { run, engine, clock, down } = arranged;
    await using _engine = engine;
    const before = run.shares();
    begins(arranged);
    await clock.advance(FOUND_MS);
    expect(down()).toEqual(lost);
    const during = run.shares();
    for (const [index, backend] of ALL.entries()) {
      if (lost.includes(backend)) expect(during[index], backend).toBe(0);
      else expect(during[index], backend).toBeGreaterThanOrEqual(before[index]!);
    }
    ends(arranged);
    await clock.advance(FOUND_MS);
    expect(down()).toEqual([]);
    expect(run.shares()).toEqual(before);
  });
}

test("a backend has another MAC from now on: its clients follow, and nobody is down", async () => {
  const [web1] = machines(1);
  const moved = {
    ...web1!,
    name: "moved",
    mac: OTHER,
    isAlive: false,
    server: { ...web1!.server, mac: OTHER },
  };
  const { run, engine, clock, backends, down } = await started({ others: [moved] });
  await using _engine = engine;
  const before = run.shares();
  backends[0]!.isAlive = false;
  moved.isAlive = true;
  await clock.advance(FOUND_MS);
  expect(down()).toEqual([]);
  expect(run.shares()).toEqual([0, ...before.slice(1, 4), before[0]]);
});

test("a server that is too slow under load for every third probe is up all the time", async () => {
  const { run, engine, clock, backends: [web1], down } = await started();
  await using _engine = engine;
  const before = run.shares();
  const load = (slowMs: number) => {
    web1!.slowMs = slowMs;
    // Probes begin every 1.8 to 2.2 s.
    clock.after(slowMs > 0 ? 1900 : 4100, () => load(5000 - slowMs));
  };
  load(5000);
  await clock.advance(roundsOf(10) * 60_000);
  expect(down()).toEqual([]);
  expect(run.shares()).toEqual(before);
});

test("the TAP is deleted: the dispatcher fails, with the reason", async () => {
  const { run, engine, clock } = await started();
  await using _engine = engine;
  const failed = expect(engine.failed).rejects.toThrow("the TAP interface is gone");
  run.attachment.fail(new Error("the TAP interface is gone"));
  await clock.advance(1);
  await failed;
});

test("we sleep for five seconds: nobody is down because of that, even at the first failure; who dies then is found", async () => {
  const { engine, clock, link, backends, down } = await started({ count: 20, cluster: QUICK });
  await using _engine = engine;
  for (let turn = 0; turn < roundsOf(10); turn++) {
    // What is asked shortly before has no answer when we wake up.
    link.isCut = true;
    await clock.advance(90);
    clock.sleep(5000);
    link.isCut = false;
    await clock.advance(3000 + 37 * turn);
  }
  expect(down()).toEqual([]);
  clock.sleep(5000);
  backends[3]!.server.open = [];
  await clock.advance(FOUND_MS);
  expect(down()).toEqual(["web4"]);
});

test("a wall clock that is set back changes only what is printed", async () => {
  const { run, engine, clock, backends } = await started();
  await using _engine = engine;
  clock.setWall(-HOUR_MS);
  backends[0]!.isAlive = false;
  await clock.advance(FOUND_MS);
  const told = run.lines().find(({ event }) => event === "backend.down");
  expect(told!["wasForMs"], "as long as it was").toBeGreaterThan(FOUND_MS);
  expect(told!["wasForMs"]).toBeLessThan(2 * FOUND_MS);
  const [status] = engine.status().clusters[0]!.backends;
  expect(Date.parse(status!.since)).toBeLessThan(0);
});

test("a server that is slow again and again is told of a few times, and then held down until it has stayed up", async () => {
  const { run, engine, clock, backends: [web1], down } = await started();
  await using _engine = engine;
  let isOver = false;
  const waver = (slowMs: number) => {
    web1!.slowMs = isOver ? 0 : slowMs;
    if (!isOver) clock.after(7000, () => waver(5000 - slowMs));
  };
  waver(5000);
  await clock.advance(10 * 60_000);
  expect(down().length, "`flaps` of the cluster").toBeLessThanOrEqual(3);
  expect(run.shares()[0]).toBe(0);
  isOver = true;
  await clock.advance(2 * 60_000);
  expect(run.shares()[0]).toBeGreaterThan(0);
});

test("500 of 1,000 backends with probes are gone in one moment, and back: nobody else is down", async () => {
  const { engine, clock, backends, down } = await started({
    count: roundsOf(1000),
    cluster: { health: { type: "tcp", port: 80, interval: "1s" } },
    forMs: 2000,
  });
  await using _engine = engine;
  const bucketsOf = () => engine.status().clusters[0]!.backends.map(({ buckets }) => buckets);
  const before = bucketsOf();
  const half = backends.filter((_, index) => index % 2 === 0);
  for (const { server } of half) server.addresses = [];
  await clock.advance(5000);
  expect(down()).toEqual(half.map(({ name }) => name).sort());
  expect(engine.status().clusters[0]!.live).toBe(backends.length - half.length);
  for (const { server } of half) server.addresses = [f.IP.cluster];
  await clock.advance(3000);
  expect(down()).toEqual([]);
  expect(bucketsOf()).toEqual(before);
  expect(engine.report().verdicts["drop_ring_full"]).toBe(0);
});

test("10,000 forged answers a second to the prober's ports: no backend seems down because of them, nor a dead one up", async () => {
  const { engine, clock, link, backends, down } = await started();
  await using _engine = engine;
  const way = { src: f.IP.cluster, dst: f.IP.dispatcher };
  const forged = Array.from({ length: PROBE_PORTS }, (_, index) => {
    const [port, flags] = [FIRST_PROBE_PORT + index, index % 2 === 0 ? SYN_ACK : RST_ACK];
    const segment = f.tcp({ ...way, srcPort: 80, port, flags, acknowledgment: 1 });
    // A client's packets come by way of the router.
    return f.ethernet(f.ipv4(segment, { ...way, protocol: f.PROTOCOL.tcp }), { src: f.MAC.router });
  });
  let next = 0;
  let isOver = false;
  const flood = () => {
    for (let count = 0; count < 10; count++) link.bring(forged[next++ % PROBE_PORTS]!);
    if (!isOver) clock.after(1, flood);
  };
  flood();
  await clock.advance(FOUND_MS);
  expect(down()).toEqual([]);
  backends[1]!.server.addresses = [];
  await clock.advance(FOUND_MS);
  expect(down()).toEqual(["web2"]);
  isOver = true;
  expect(engine.report().verdicts["drop_ring_full"]).toBe(0);
});
