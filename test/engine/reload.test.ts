/** Another configuration while it runs, in virtual time over a simulated link. */

import { expect, test } from "vitest";
import { type Config, parseConfig, UsageError } from "oneip";
import * as f from "../frames.ts";
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
  const next = await engine.reload(configOf(5, { clusters: [mail] }));
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

  const last = await next.reload(configOf(2));
  expect(last.status().clusters.map(({ name }) => name)).toEqual(["web"]);
  run.link.bring(frameTo("10.0.255.2"));
  expect(last.report().verdicts["dispatched"]).toBe(2);
  await last.stop();
});

test("a frame that waits for a MAC is sent when it is known, by the new configuration", async () => {
  const run = new Run(MACHINES, configOf(1));
  const engine = await run.start();
  run.link.bring(frameTo("10.0.255.1"));
  await run.clock.advance(1);
  expect(engine.report().verdicts["pending"]).toBe(1);
  const next = await engine.reload(configOf(1, { cluster: { ports: ["80/tcp", "443/tcp"] } }));
  await run.clock.advance(1000);
  expect(next.report().kept).toEqual({ sent: 1, dropped: 0 });
  expect(deliveredTo(run)).toEqual(["web1"]);
  await next.stop();
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

test("a command on its way is not lost by a reload", async () => {
  const { run, engine } = await startedWith(configOf(2));
  const draining = engine.administer("web1", "draining");
  const next = await engine.reload(configOf(3));
  await draining;
  await run.clock.advance(1000);
  expect(next.status().clusters[0]!.backends[0]).toMatchObject({ state: "draining", buckets: 0 });
  await next.stop();
});
