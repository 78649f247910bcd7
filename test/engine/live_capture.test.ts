/** Frames captured as they come and go, with what became of them and whose they are, in virtual time over a simulated link. */

import { expect, test } from "vitest";
import { type Engine, UsageError } from "oneip";
import type { LiveCapture, LiveFrame } from "../../src/engine/live_capture.ts";
import { recordIn, textOf } from "../../src/system/record_text.ts";
import * as f from "../frames.ts";
import { clusterOf, machines, Run } from "./run.ts";

const MACHINES = machines(2);
const CONFIG = clusterOf(MACHINES, { ports: ["80/tcp"], closed: "drop" });
const ALL = Infinity;

const request = (client: string) => f.synToCluster(client);
const toClosed = (client: string) => f.ethernet(f.ipv4(f.udp([1, 2, 3]), { src: client, dst: f.IP.cluster }));
const whoHas = f.ethernet(f.arp({ targetIp: f.IP.cluster }), { dst: f.MAC.broadcast, type: f.ETHERTYPE.arp });

async function started(config = CONFIG) {
  const run = new Run(MACHINES, config);
  const engine = await run.start();
  await run.clock.advance(1000);
  return { run, engine };
}

const read = (capture: LiveCapture) => capture.read(ALL, ALL);
const inShort = ({ direction, verdict, client, backend }: LiveFrame) =>
  [direction, verdict, client, backend].join(" ");

test("each frame as it was read and as it was sent, with its time, its verdict, its client and its backend", async () => {
  const { run, engine } = await started();
  const capture = engine.capture();
  const began = run.clock.sinceEpoch();
  run.link.bring(request("198.51.100.7"));
  await run.clock.advance(250);
  run.link.bring(whoHas);
  run.link.bring(toClosed("198.51.100.7"));
  const [came, went, asked, answered, dropped, ...more] = read(capture);
  expect(more).toEqual([]);
  expect(came).toMatchObject({
    direction: "in",
    verdict: "dispatched",
    cluster: "web",
    client: "198.51.100.7",
  });
  expect(came!.octets, "before the MACs and the TTL are rewritten").toEqual(request("198.51.100.7"));
  const machine = MACHINES.find(({ name }) => name === went!.backend)!;
  expect([f.hex(went!.octets.subarray(0, 6)), went!.octets[22]]).toEqual([
    machine.mac.replaceAll(":", " "),
    63,
  ]);
  expect(went).toMatchObject({ ...came, direction: "out", octets: went!.octets });
  expect([asked!.direction, asked!.verdict, asked!.cluster, asked!.client]).toEqual([
    "in",
    "answered_arp",
    null,
    null,
  ]);
  expect(f.hex(answered!.octets.subarray(0, 12))).toBe(
    `${f.MAC.router} ${f.MAC.dispatcher}`.replaceAll(":", " "),
  );
  expect(dropped).toMatchObject({ direction: "in", verdict: "drop_closed", client: "198.51.100.7" });
  expect(Math.abs(Number(came!.nanoseconds / 1_000_000n) - began)).toBeLessThan(1);
  expect(dropped!.nanoseconds - came!.nanoseconds).toBe(250_000_000n);
  capture.stop();
  run.link.bring(whoHas);
  expect(read(capture)).toEqual([]);
  await engine.stop();
});

test.each<[string, Parameters<Engine["capture"]>[0], string[]]>([
  ["a client", { client: "198.51.100.8", direction: "in" }, [
    "in dispatched 198.51.100.8",
    "in drop_closed 198.51.100.8",
  ]],
  ["a network", { client: "198.51.100.9/30", direction: "out" }, [
    "out dispatched 198.51.100.8",
    "out dispatched 198.51.100.9",
  ]],
  ["a network of IPv6", { client: "2001:db8::/32" }, [
    "in dispatched 2001:db8:51::7",
    "out dispatched 2001:db8:51::7",
  ]],
  ["all of IPv4", { client: "0.0.0.0/0", verdicts: ["drop_closed"] }, ["in drop_closed 198.51.100.8"]],
  ["verdicts", { verdicts: ["answered_arp", "drop_closed"] }, [
    "in answered_arp ",
    "out answered_arp ",
    "in drop_closed 198.51.100.8",
  ]],
  ["a cluster", { cluster: "web", direction: "out", client: "198.51.100.7" }, [
    "out dispatched 198.51.100.7",
  ]],
  ["another cluster", { cluster: "mail" }, []],
])("the filter takes %s", async (_, wanted, expected) => {
  const backends = MACHINES.map(({ name, address }) => ({ name, address }));
  const config = clusterOf(MACHINES, {
    addresses: [f.IP.cluster, f.IP6.cluster],
    ports: ["80/tcp"],
    closed: "drop",
  });
  const mail = clusterOf(MACHINES, { name: "mail", addresses: ["10.0.0.200"], backends });
  const { run, engine } = await started({ ...config, clusters: [...mail.clusters, ...config.clusters] });
  const capture = engine.capture(wanted);
  for (const last of [7, 8, 9]) run.link.bring(request(`198.51.100.${last}`));
  const six = f.ipv6(f.tcp6({ src: "2001:db8:51::7" }), { src: "2001:db8:51::7", next: 6 });
  run.link.bring(f.ethernet(six, { type: f.ETHERTYPE.ipv6 }));
  run.link.bring(whoHas);
  run.link.bring(toClosed("198.51.100.8"));
  expect(read(capture).map((frame) => inShort({ ...frame, backend: null }).slice(0, -1)))
    .toEqual(expected);
  await engine.stop();
});

test("of a backend its clients' frames, also those that are dropped; of each frame so many octets", async () => {
  const { run, engine } = await started();
  const capture = engine.capture({ backend: "web/web1", snaplen: 30 });
  const clients = Array.from({ length: 20 }, (_, host) => `198.51.100.${host + 1}`);
  for (const client of clients) run.link.bring(request(client));
  for (const client of clients) run.link.bring(toClosed(client));
  const frames = read(capture);
  const of = (verdict: string) => frames.filter((one) => one.verdict === verdict).map(({ client }) => client);
  expect(new Set(frames.map(({ backend }) => backend))).toEqual(new Set(["web1"]));
  expect(new Set(of("dispatched"))).toEqual(new Set(of("drop_closed")));
  expect(frames[0]!.octets).toEqual(request(frames[0]!.client!).subarray(0, 30));
  expect(frames[0]!.length).toBe(request("198.51.100.7").length);
  await engine.stop();
});

test("what nobody reads in time is lost and counted; every frame goes its way, and the ring goes round", async () => {
  const { run, engine } = await started();
  const capture = engine.capture({ verdicts: ["drop_closed"] });
  const long = f.ethernet(f.ipv4(f.udp(Array<number>(1400).fill(7))));
  const flood = 4000;
  for (let round = 0; round < 3; round++) {
    const before = capture.lost;
    for (let count = 0; count < flood; count++) run.link.bring(long);
    const frames = read(capture);
    expect(frames.length).toBeGreaterThan(2500);
    expect(frames.length + capture.lost - before).toBe(flood);
    expect(frames.every(({ octets }) => octets.length === long.length && octets.at(-1) === 7)).toBe(true);
  }
  expect(engine.report().verdicts["drop_closed"]).toBe(3 * flood);
  await engine.stop();
});

test("one at a time; the next one gets nothing of the one before", async () => {
  const { run, engine } = await started();
  const first = engine.capture();
  expect(() => engine.capture()).toThrow(
    new UsageError("Somebody captures already, and one at a time can; end that one first"),
  );
  run.link.bring(request("198.51.100.7"));
  first.stop();
  const second = engine.capture({ direction: "in" });
  run.link.bring(request("198.51.100.8"));
  expect(read(first)).toEqual([]);
  expect(read(second).map(({ client }) => client)).toEqual(["198.51.100.8"]);
  await engine.stop();
  expect(second.whyEnded).toBe("The dispatcher has ended");
});

test("it goes on over a reload, and loses nothing; it ends when the configuration does not know its backend any more", async () => {
  const { run, engine } = await started();
  const capture = engine.capture({ backend: "web2", direction: "in" });
  const ofWeb2 = (await bucketsOf(run, capture)).slice(0, 2);
  for (const client of ofWeb2) run.link.bring(request(client));
  const next = await run.reload(engine, clusterOf(MACHINES, { ports: ["81/tcp"], closed: "drop" }));
  expect(() => engine.capture()).toThrow("goes over");
  expect(() => next.capture(), "the same capture is still going on").toThrow("Somebody captures already");
  for (const client of ofWeb2) run.link.bring(request(client));
  expect(read(capture).map(inShort)).toEqual([
    ...ofWeb2.map((client) => `in dispatched ${client} web2`),
    ...ofWeb2.map((client) => `in drop_closed ${client} web2`),
  ]);
  const last = await run.reload(next, clusterOf(MACHINES.slice(0, 1)));
  expect(capture.whyEnded).toBe('The configuration has changed. There is no backend "web2"; use web1');
  last.capture().stop();
  await last.stop();
});

/** Clients whose frames it captures. */
async function bucketsOf(run: Run, capture: LiveCapture): Promise<string[]> {
  for (let host = 1; host < 20; host++) run.link.bring(request(`198.51.100.${host}`));
  await run.clock.advance(0);
  return read(capture).map(({ client }) => client!);
}

test("when another process takes over it ends with a word, and what was captured can still be read", async () => {
  const { run, engine } = await started();
  const capture = engine.capture({ direction: "in" });
  run.link.bring(request("198.51.100.7"));
  const next = await run.ready();
  await next.prepare(recordIn(textOf(engine.rest())));
  run.link.bring(request("198.51.100.8"));
  await next.goOn(recordIn(textOf(await engine.stand())));
  await engine.leave();
  expect(capture.whyEnded).toBe("Another process takes over from the dispatcher; capture from that one now");
  expect(read(capture).map(({ client }) => client)).toEqual(["198.51.100.7"]);
  const another = next.capture();
  const began = run.clock.sinceEpoch();
  run.link.bring(toClosed("198.51.100.9"));
  expect(Math.abs(Number(read(another)[0]!.nanoseconds / 1_000_000n) - began)).toBeLessThan(1);
  expect(Math.abs(next.dropped().at(-1)!.sinceEpochMs - began), "of dropped frames, too").toBeLessThan(2);
  await next.stop();
});

test.each([
  [{ cluster: "wbe" }, 'There is no cluster "wbe"; use web'],
  [{ backend: "web3" }, 'There is no backend "web3"; use web1 or web2'],
  [{ client: "10.0.0" }, '"10.0.0" is neither an address nor a prefix; give one such as'],
  [{ verdicts: ["droped"] }, 'There is no verdict "droped"; use dispatched, forwarded, '],
])("what there is not is refused, with what there is: %j", async (wanted, message) => {
  const { engine } = await started();
  expect(() => engine.capture(wanted)).toThrow(message);
  engine.capture().stop();
  await engine.stop();
});
