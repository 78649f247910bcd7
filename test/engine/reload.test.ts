/** Another configuration while it runs, by a reload and by another process, in virtual time over a simulated link. */

import { describe, expect, test } from "vitest";
import { type Config, type Engine, parseConfig, UsageError } from "oneip";
import * as f from "../frames.ts";
import { PROBE_MS } from "../../src/link/conflicts.ts";
import { machines, Run } from "./run.ts";

const MACHINES = machines(6);

/** A cluster of the first machines, so many. */
function configOf(
  count: number,
  more: { dispatcher?: object; cluster?: object; clusters?: object[] } = {},
): Config {
  const backends = MACHINES.slice(0, count).map(({ name, address }) => ({ name, address }));
  return parseConfig(
    JSON.stringify({
      dispatcher: { mac: f.MAC.dispatcher, addresses: ["10.0.0.2/15"], verify: "off", ...more.dispatcher },
      clusters: [
        { name: "web", addresses: ["10.0.255.1"], algorithm: "rendezvous", backends, ...more.cluster },
        ...more.clusters ?? [],
      ],
    }),
    "test",
    "test",
  );
}

const frameTo = (address: string, client = "198.51.100.1") =>
  f.ethernet(f.ipv4(f.udp([]), { src: client, dst: address }));

async function startedWith(config: Config) {
  const run = new Run(MACHINES, config);
  const engine = await run.start();
  await run.clock.advance(1000);
  run.lines();
  return { run, engine };
}

function deliveredTo(run: Run): string[] {
  return [...run.link.delivered.keys()].map(({ name }) => name).sort();
}

const [SYN, ACK] = [0x02, 0x10];
const clients = Array.from({ length: 32 }, (_, host) => `198.51.100.${host + 1}`);

/** Backends of these machines with these weights, in this order. */
const weighted = (weights: Readonly<Record<string, number>>, more = {}) =>
  configOf(0, {
    cluster: {
      ...more,
      backends: Object.entries(weights).map(([name, weight]) => {
        const { address } = MACHINES.find((machine) => machine.name === name)!;
        return { name, address, weight };
      }),
    },
  });

function segment(src: string, flags: number, srcPort = 40_000): Uint8Array<ArrayBuffer> {
  const dst = "10.0.255.1";
  return f.ethernet(f.ipv4(f.tcp({ src, srcPort, dst, flags }), { src, dst, protocol: f.PROTOCOL.tcp }));
}

/** Whose a segment of the client is. */
function owner(run: Run, ...of: Parameters<typeof segment>): string | undefined {
  run.link.delivered.clear();
  run.link.bring(segment(...of));
  return deliveredTo(run)[0];
}

const ownersOf = (run: Run, flags: number, srcPort?: number) =>
  clients.map((client) => owner(run, client, flags, srcPort));

/** All clients have a connection of before a drain of `web1`, and one that began since; of each its owner. */
async function draining() {
  const { run, engine } = await startedWith(weighted({ web1: 1, web2: 1, web3: 1 }));
  const old = ownersOf(run, SYN);
  const drained = engine.administer("web1", "draining");
  await run.clock.advance(1000);
  await drained;
  const since = ownersOf(run, SYN, 50_000);
  expect(old).toContain("web1");
  expect(since).not.toContain("web1");
  return { run, engine, old, since };
}

/** The engine that goes on by another configuration. */
type GoOn = (run: Run, engine: Engine, config: Config) => Promise<Engine>;
const WAYS: readonly (readonly [way: string, goOn: GoOn])[] = [
  ["a reload", (run, engine, config) => run.reload(engine, config)],
  ["a takeover", (run, engine, config) => run.takeOver(engine, config)],
];

test.each([
  ["on a link that it has", ["10.0.0.2/15", "2001:db8::2/64"], "2001:db8::4"],
  ["on a link that it does not have", ["10.0.0.2/15", "2001:db8::2/64"], "2001:db8:7::4"],
])(
  "an IPv6 address %s: refused while another machine has it, taken when it is free",
  async (_, addresses, address) => {
    const { run, engine } = await startedWith(configOf(2, { dispatcher: { addresses } }));
    const other = { name: "other", address, mac: "02:00:00:00:02:02", isAlive: true };
    run.link.join(other);
    const wanted = configOf(3, { dispatcher: { addresses: [...addresses, `${address}/64`] } });
    const refused = expect(engine.reload(wanted)).rejects.toThrow(
      `The machine with MAC ${other.mac} has ${address}, which dispatcher.addresses has from now on, so nothing was changed`,
    );
    await run.clock.advance(PROBE_MS);
    await refused;
    expect(engine.status().clusters[0]!.backends).toHaveLength(2);
    other.isAlive = false;
    const reloading = engine.reload(wanted);
    await run.clock.advance(PROBE_MS);
    await using next = await reloading;
    expect(next.status().clusters[0]!.backends).toHaveLength(3);
  },
);

test("a frame that waits for a MAC is sent when it is known, by the new configuration", async () => {
  const run = new Run(MACHINES, configOf(1));
  const engine = await run.start();
  run.link.bring(frameTo("10.0.255.1"));
  await run.clock.advance(1);
  expect(engine.report().verdicts["pending"]).toBe(1);
  const next = await run.reload(engine, configOf(1, { cluster: { ports: ["80/tcp", "443/tcp"] } }));
  await run.clock.advance(1000);
  expect(next.report().kept).toEqual({ sent: 1, dropped: 0 });
  expect(deliveredTo(run)).toEqual(["web1"]);
  await next.stop();
});

test("what goes wrong half way ends it: nobody would look after its neighbors any more", async () => {
  const { run, engine } = await startedWith(configOf(1));
  run.attachment.start = () => {
    throw new Error("the workers cannot be had");
  };
  const failed = expect(engine.failed).rejects.toThrow("the workers cannot be had");
  const refused = expect(engine.reload(configOf(2))).rejects.toThrow("the workers cannot be had");
  await run.clock.advance(1000);
  await Promise.all([failed, refused]);
});

test("what cannot change while it runs is named, and nothing is changed", async () => {
  const { run, engine } = await startedWith(configOf(2));
  await expect(engine.reload(configOf(4, { dispatcher: { queues: 2, mtu: 1400 } }))).rejects.toThrow(
    new UsageError(
      "dispatcher.mtu, dispatcher.queues cannot change while the dispatcher runs, so nothing was changed: stop and start it",
    ),
  );
  await run.clock.advance(1000);
  expect(engine.status().clusters[0]!.backends).toHaveLength(2);
  await engine.stop();
});

test("a connection that begins while the workers go over has one owner from its first segment on", async () => {
  const { run, engine, old } = await draining();
  const src = clients[old.indexOf("web1")]!;
  const bring = (flags: number, srcPort: number) => run.link.bring(segment(src, flags, srcPort));
  const hold = run.attachment.hold.bind(run.attachment);
  const start = run.attachment.start.bind(run.attachment);
  run.attachment.hold = () => {
    bring(SYN, 60_000);
    return hold();
  };
  run.attachment.start = (...now) => {
    bring(SYN, 60_001);
    start(...now);
    bring(ACK, 60_001);
    bring(ACK, 60_000);
  };
  run.link.delivered.clear();
  await using _next = await run.reload(engine, weighted({ web3: 1, web2: 1, web1: 1 }));
  const delivered = [...run.link.delivered].map(([{ name }, frames]) => [name, frames]);
  expect(delivered).toEqual([[expect.stringMatching(/web[23]/), 4]]);
});

test("an address that another machine has is refused, and nothing is changed; a free one is not", async () => {
  const { run, engine } = await startedWith(configOf(2));
  const withOwn = (...addresses: string[]) =>
    engine.reload(configOf(3, { dispatcher: { addresses: ["10.0.0.2/15", ...addresses] } }));
  const mac = "02:00:00:00:02:02";
  for (const address of ["10.0.4.4", "192.168.7.7"]) {
    run.link.join({ name: "other", address, mac, isAlive: true });
    const refused = expect(withOwn("10.0.3.3/15", `${address}/15`)).rejects.toThrow(
      new UsageError(
        `The machine with MAC ${mac} has ${address}, which dispatcher.addresses has from now on, ` +
          "so nothing was changed; give one of them another address",
      ),
    );
    await run.clock.advance(PROBE_MS);
    await refused;
    expect(engine.status().clusters[0]!.backends).toHaveLength(2);
  }
  run.link.bring(frameTo("10.0.255.1"));
  expect(engine.report().verdicts["dispatched"], "it goes on").toBe(1);
  const reloading = withOwn("10.0.3.3/15");
  await run.clock.advance(PROBE_MS);
  const next = await reloading;
  expect(next.status().clusters[0]!.backends).toHaveLength(3);
  await next.stop();
});

describe.each(WAYS)("%s", (_, goOn) => {
  test("backends and clusters come and go; what is known stays known, and the counters go on", async () => {
    const { run, engine } = await startedWith(configOf(4));
    const decided = [engine.administer("web1", "draining"), engine.setWeight("web2", 3)];
    engine.healthChanged("web", "web3", { state: "down", reason: "its port 80 refuses" });
    await run.clock.advance(100);
    await Promise.all(decided);
    run.link.bring(frameTo("10.0.255.1"));
    const before = engine.status().clusters[0]!.backends;
    run.lines();

    const mail = {
      name: "mail",
      addresses: ["10.0.255.2"],
      backends: [{ name: "mail1", address: MACHINES[5]!.address }],
    };
    const next = await goOn(run, engine, configOf(5, { clusters: [mail] }));
    const [web] = next.status().clusters;
    expect(web!.backends.slice(0, 2)).toEqual([
      { ...before[0], buckets: 0 },
      { ...before[1], buckets: expect.any(Number) },
    ]);
    expect(web!.backends[1], "a weight by command stays").toMatchObject({ weight: 3 });
    expect(web!.backends[4], "a new one gets clients when it has answered").toMatchObject({
      state: "unknown",
      buckets: 0,
    });
    expect(run.lines().filter(({ event }) => event !== undefined)).toEqual([]);
    await run.clock.advance(1000);
    const events = run.lines().map(({ event, backend }) => `${event} ${backend}`);
    expect(events).toContain("backend.up web5");
    expect(events).toContain("backend.up mail1");
    expect(next.status().clusters[0]!.backends[4]!.buckets).toBeGreaterThan(0);
    run.link.bring(frameTo("10.0.255.2"));
    expect(deliveredTo(run)).toContain("web6");
    expect(next.report().verdicts["dispatched"]).toBe(2);

    const last = await goOn(run, next, configOf(2));
    expect(last.status().clusters.map(({ name }) => name)).toEqual(["web"]);
    run.link.bring(frameTo("10.0.255.2"));
    expect(last.report().verdicts["dispatched"]).toBe(2);
    await last.stop();
  });

  test("a command on its way is not lost by a reload", async () => {
    const { run, engine } = await startedWith(configOf(2));
    const draining = engine.administer("web1", "draining");
    const next = await goOn(run, engine, configOf(3));
    await draining;
    await run.clock.advance(1000);
    expect(next.status().clusters[0]!.backends[0]).toMatchObject({ state: "draining", buckets: 0 });
    await next.stop();
  });

  test("a weight changes: connections stay with their old owners, new ones go to the new owners", async () => {
    const { run, engine } = await startedWith(weighted({ web1: 1, web2: 1 }));
    const before = ownersOf(run, SYN);
    // Their indices and the numbers of their neighbors change, too.
    const next = await goOn(run, engine, weighted({ web3: 1, web2: 9, web1: 1 }));
    await using _next = next;
    expect(ownersOf(run, ACK)).toEqual(before);
    const now = ownersOf(run, SYN, 50_000);
    expect(now.filter((name, index) => name !== before[index]).length).toBeGreaterThan(5);
    expect(ownersOf(run, ACK, 50_000)).toEqual(now);
    await run.clock.advance(200_000);
    expect(ownersOf(run, ACK), "they live on").toEqual(before);
    expect(run.lines().filter(({ event }) => event === "transition.ended")).toEqual([]);
    await run.clock.advance(400_000);
    expect(run.lines().filter(({ event }) => event === "transition.ended")).not.toEqual([]);
    expect(next.report().transitions["web"]).toEqual({ buckets: 0, remembered: 0, unremembered: 0 });
  });

  test("what is in transition stays so, and what is remembered stays remembered", async () => {
    const { run, engine, old, since } = await draining();
    const { buckets, remembered } = engine.report().transitions["web"]!;
    expect(remembered).toBe(old.filter((name) => name === "web1").length);
    const next = await goOn(run, engine, weighted({ web4: 1, web3: 1, web2: 1, web1: 1 }));
    await using _next = next;
    expect(next.report().transitions["web"]).toEqual({ buckets, remembered, unremembered: 0 });
    // The new one gets its share, so that some buckets move once more.
    await run.clock.advance(2000);
    expect(next.report().transitions["web"]!.buckets).toBeGreaterThan(buckets);
    expect(ownersOf(run, ACK)).toEqual(old);
    expect(ownersOf(run, ACK, 50_000)).toEqual(since);
    expect(ownersOf(run, SYN, 60_000)).toContain("web4");
  });

  test("it ends when it would have ended", async () => {
    const { run, engine, old } = await draining();
    await run.clock.advance(200_000);
    expect(ownersOf(run, ACK)).toEqual(old);
    await using next = await goOn(run, engine, weighted({ web3: 1, web2: 1, web1: 1 }));
    await run.clock.advance(290_000);
    expect(next.report().transitions["web"]!.buckets).toBeGreaterThan(0);
    await run.clock.advance(20_000);
    expect(next.report().transitions["web"]!.buckets).toBe(0);
    expect(run.lines()).toContainEqual(
      expect.objectContaining({ event: "transition.ended", backends: ["web1"], cut: 0 }),
    );
  });

  test("who is not in the file any more has lost its connections, the others keep theirs", async () => {
    const { run, engine, since } = await draining();
    await using next = await goOn(run, engine, weighted({ web2: 1, web3: 1 }));
    expect(next.report().transitions["web"]).toEqual({ buckets: 0, remembered: 0, unremembered: 0 });
    expect(ownersOf(run, ACK)).toEqual(since);
    expect(ownersOf(run, ACK, 50_000)).toEqual(since);
  });

  test("what finds no room in the new memory counts as unremembered", async () => {
    const { engine, run, old } = await draining();
    for (let port = 50_001; port < 50_010; port++) ownersOf(run, SYN, port);
    const before = engine.report().transitions["web"]!.remembered;
    expect(before).toBe(10 * old.filter((name) => name === "web1").length);
    await using next = await goOn(
      run,
      engine,
      weighted({ web1: 1, web2: 1, web3: 1 }, { transition: { connections: 16 } }),
    );
    const { remembered, unremembered } = next.report().transitions["web"]!;
    expect([remembered, unremembered]).toEqual([16, before - 16]);
  });

  test("clients in other buckets have nothing to go on with", async () => {
    const { run, engine } = await draining();
    await using _next = await goOn(run, engine, weighted({ web1: 1, web2: 1, web3: 1 }, { seed: 1 }));
    const now = ownersOf(run, SYN, 60_000);
    expect(now).not.toContain("web1");
  });
});
