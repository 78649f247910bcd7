/** Another process goes on by what an engine knows, in virtual time over a simulated link. What is as with a reload is in reload.test.ts. */

import { expect, test } from "vitest";
import { type Engine, parseConfig } from "oneip";
import type { LateRecord } from "../../src/engine/record.ts";
import { recordIn, textOf } from "../../src/system/record_text.ts";
import * as f from "../frames.ts";
import { machines, Run } from "./run.ts";

const MACHINES = machines(3);
const configWith = (more: object, dispatcher: object = {}, fleet?: object) =>
  parseConfig(
    JSON.stringify({
      dispatcher: { mac: f.MAC.dispatcher, addresses: ["10.0.0.2/15"], verify: "off", ...dispatcher },
      clusters: [{
        name: "web",
        addresses: [f.IP.cluster],
        algorithm: "rendezvous",
        backends: MACHINES.map(({ name, address }) => ({ name, address })),
        ...more,
      }],
      ...(fleet && { fleet }),
    }),
    "test",
    "test",
  );

const FRAME = f.ethernet(f.ipv4(f.udp([])));

async function started(more = {}, dispatcher = {}, fleet?: object) {
  const run = new Run(MACHINES, configWith(more, dispatcher, fleet));
  const engine = await run.start();
  await run.clock.advance(6000);
  run.lines();
  return { run, engine };
}

const delivered = (run: Run) => [...run.link.delivered.values()].reduce((sum, count) => sum + count, 0);
const dispatched = (engine: Engine) => engine.report().verdicts["dispatched"];

test("frames that come while one engine has stopped and the other has not begun wait, and then go their way", async () => {
  const { run, engine } = await started();
  run.link.bring(FRAME);
  const next = await run.ready();
  run.link.bring(FRAME);
  expect(dispatched(engine), "until it is asked for what it knows").toBe(2);
  await next.prepare(engine.rest());
  run.link.bring(FRAME);
  expect(dispatched(engine), "until it is asked for what its workers have written").toBe(3);
  const late = await engine.stand();
  run.link.bring(FRAME);
  expect(delivered(run)).toBe(3);
  await next.goOn(late);
  await engine.leave();
  expect(delivered(run)).toBe(4);
  expect(dispatched(next), "the counters go on").toBe(4);
  await next.stop();
});

test("nobody takes over: the same one goes on where it was, as if nothing had been", async () => {
  const { run, engine } = await started();
  const { attachment } = run;
  const drained = engine.administer("web1", "draining");
  await run.clock.advance(100);
  await drained;
  const status = engine.status();
  const next = await run.ready();
  const record = engine.rest();
  const late = await engine.stand();
  run.link.bring(FRAME);
  await next.leave();
  run.attachment = attachment;
  const same = await run.resumed();
  await same.prepare(record);
  await same.goOn(late);
  expect(same.status()).toEqual({ ...status, epoch: status.epoch + 1 });
  expect([delivered(run), dispatched(same)]).toEqual([1, 1]);
  await run.clock.advance(5000);
  run.link.bring(FRAME);
  expect(delivered(run)).toBe(2);
  await same.stop();
});

test("what it knew is not understood: the other one finds out anew what it can", async () => {
  const { run, engine } = await started();
  run.link.bring(FRAME);
  const next = await run.ready();
  engine.rest();
  await next.prepare(undefined);
  await engine.stand();
  await next.goOn(undefined);
  await engine.leave();
  run.link.bring(FRAME);
  await run.clock.advance(5000);
  expect(delivered(run)).toBe(2);
  expect(next.status().clusters[0]!.backends.map(({ neighbor }) => neighbor.state)).toEqual(
    ["reachable", "reachable", "reachable"],
  );
  await next.stop();
});

test("what is said since when, and what is due, goes on by the clock of before", async () => {
  const { run, engine } = await started();
  const drained = engine.administer("web1", "draining");
  await run.clock.advance(100);
  const { administration } = await drained;
  await run.clock.advance(50_000);
  const next = await run.takeOver(engine);
  expect(next.status().clusters[0]!.backends[0]!.administration).toEqual(administration);
  await run.clock.advance(1000);
  expect(run.lines().filter(({ level }) => Number(level) > 30), "nobody is declared dead").toEqual([]);
  await next.stop();
});

test("frames that wait for a backend's MAC go along, and are counted once", async () => {
  const far = MACHINES.map((machine) => ({ ...machine, isAlive: false }));
  const run = new Run(far, configWith({}));
  const engine = await run.start();
  await run.clock.advance(250);
  run.link.bring(FRAME);
  await run.clock.advance(1);
  const next = await run.ready();
  await next.prepare(recordIn(textOf(engine.rest())));
  run.link.bring(FRAME);
  const late = recordIn<LateRecord>(textOf(await engine.stand()));
  expect(late.waiting.map(({ worker, frame }) => [worker, frame.length])).toEqual([
    [0, FRAME.length],
    [0, FRAME.length],
  ]);
  await next.goOn(late);
  await engine.leave();
  for (const machine of far) machine.isAlive = true;
  await run.clock.advance(1000);
  expect([delivered(run), next.report().kept]).toEqual([2, { sent: 2, dropped: 0 }]);
  await next.stop();
});

test("nobody takes over: frames that wait for a backend's MAC wait on", async () => {
  const far = MACHINES.map((machine) => ({ ...machine, isAlive: false }));
  const run = new Run(far, configWith({}));
  const { attachment } = run;
  const engine = await run.start();
  await run.clock.advance(250);
  run.link.bring(FRAME);
  await run.clock.advance(1);
  const next = await run.ready();
  const record = engine.rest();
  await engine.stand();
  const late = await engine.stand();
  await next.leave();
  run.attachment = attachment;
  const same = await run.resumed();
  await same.prepare(record);
  await same.goOn(late);
  for (const machine of far) machine.isAlive = true;
  await run.clock.advance(1000);
  expect([delivered(run), same.report().kept]).toEqual([1, { sent: 1, dropped: 0 }]);
  await same.stop();
});

test("of a pair, who takes over and does not know whether it is active forwards until it hears the other one", async () => {
  for (const isHeard of [true, false]) {
    const { run, engine } = await started({}, { vrrp: { id: 51, addresses: ["10.0.0.4/15"] } });
    const next = await run.ready();
    engine.rest();
    await next.prepare(undefined);
    await engine.stand();
    await next.goOn(undefined);
    const now = () => next.status().pair!.families[0]!;
    expect(now()).toMatchObject({ state: "backup", forwards: true });
    if (isHeard) run.link.bring(f.vrrp());
    await run.clock.advance(isHeard ? 100 : 1000);
    expect(now()).toMatchObject(
      isHeard ? { state: "backup", forwards: false } : { state: "active", forwards: true },
    );
    await engine.leave();
    await next.leave();
  }
});

test("before a takeover by a file with other addresses the link is asked who has them", async () => {
  const { run, engine } = await started();
  const mac = "02:00:00:00:04:04";
  run.link.join({ name: "other", address: "10.0.4.4", mac, isAlive: true });
  const refused = expect(engine.requireFree(["10.0.0.2", "10.0.4.4"])).rejects.toThrow(
    `The machine with MAC ${mac} has 10.0.4.4`,
  );
  await run.clock.advance(250);
  await refused;
  const free = engine.requireFree(["10.0.0.2", "10.0.3.3"]);
  await run.clock.advance(250);
  await free;
  await engine.stop();
});

/** The keys of a record, however deep, with the kinds of their values. */
function shapeOf(value: unknown, at = "", shape = new Set<string>()): Set<string> {
  if (Array.isArray(value)) { for (const item of value) shapeOf(item, `${at}[]`, shape); }
  else if (ArrayBuffer.isView(value)) shape.add(`${at}: ${value.constructor.name}`);
  else if (typeof value === "object" && value !== null) {
    for (const [key, inner] of Object.entries(value)) shapeOf(inner, at === "" ? key : `${at}.${key}`, shape);
  } else if (!/verdicts|dispatched|octets|broadcast|probe\./.test(at)) shape.add(at);
  return shape;
}

test("the text of a record is the record; whoever changes its shape gives it another RECORD_VERSION, and writes it here", async () => {
  const shape = new Set<string>();
  const vrrp = { id: 51, addresses: ["10.0.0.4/15"] };
  const fleet = { bird: { socket: "/nowhere/bird.ctl", drain: "0s" } };
  for (
    const [more, dispatcher, one] of [[{}, {}, fleet], [
      { health: { type: "tcp", port: 81 } },
      { vrrp },
      undefined,
    ]]
  ) {
    const { run, engine } = await started(more, dispatcher, one);
    run.link.bring(f.vrrp());
    const drained = engine.administer("web1", "draining");
    await run.clock.advance(100);
    await drained;
    const agreed = engine.agree({
      findings: [{ web: { web1: 1 } }],
      decisions: [{
        ...{ cluster: "web", backend: "web1", state: "draining" },
        weight: { now: 0, base: 2, configured: 1 },
      }],
    });
    await run.clock.advance(100);
    await agreed;
    for (const record of [engine.rest(), await engine.stand()]) {
      expect(recordIn(textOf(record))).toEqual(record);
      shapeOf(record, "", shape);
    }
    await engine.leave();
  }
  expect([...shape].sort()).toMatchInlineSnapshot(`
    [
      "agreement.decisions[].backend",
      "agreement.decisions[].cluster",
      "agreement.decisions[].state",
      "agreement.decisions[].weight.base",
      "agreement.decisions[].weight.configured",
      "agreement.decisions[].weight.now",
      "agreement.findings[].web.web1",
      "announcing",
      "announcing.administration",
      "announcing.bird.answers",
      "announcing.bird.sessions.all",
      "announcing.bird.sessions.established",
      "announcing.bird.sinceMs",
      "announcing.bird.socket",
      "announcing.bird.why",
      "announcing.routes[].cluster",
      "announcing.routes[].families[]",
      "announcing.routes[].sinceMs",
      "announcing.routes[].state",
      "announcing.routes[].why",
      "epoch",
      "health.backends[].address",
      "health.backends[].backend",
      "health.backends[].cluster",
      "health.backends[].targets[].failure.fault",
      "health.backends[].targets[].failure.reason",
      "health.backends[].targets[].judge.failures",
      "health.backends[].targets[].judge.successes",
      "health.backends[].targets[].judge.verdict",
      "health.backends[].targets[].port",
      "health.backends[].targets[].to",
      "health.backends[].targets[].tookMs",
      "health.backends[].told",
      "health.counts.asked",
      "health.counts.doubted",
      "health.counts.failed",
      "liveness[].backends[].address",
      "liveness[].backends[].answered",
      "liveness[].backends[].configuredWeight",
      "liveness[].backends[].damping.downsMs[]",
      "liveness[].backends[].damping.heldUntilMs",
      "liveness[].backends[].health.sinceMs",
      "liveness[].backends[].health.state",
      "liveness[].backends[].health.why",
      "liveness[].backends[].isJoining",
      "liveness[].backends[].isProbed",
      "liveness[].backends[].name",
      "liveness[].backends[].neighbor.sinceMs",
      "liveness[].backends[].neighbor.state",
      "liveness[].backends[].neighbor.why",
      "liveness[].backends[].returnedMs",
      "liveness[].backends[].shareWeight",
      "liveness[].backends[].summary.sinceMs",
      "liveness[].backends[].summary.state",
      "liveness[].backends[].summary.why",
      "liveness[].backends[].wanted.sinceMs",
      "liveness[].backends[].wanted.state",
      "liveness[].backends[].wanted.why",
      "liveness[].backends[].wasFit",
      "liveness[].backends[].weight",
      "liveness[].backends[].weightSinceMs",
      "liveness[].isHealthIgnored",
      "liveness[].isStarting",
      "liveness[].name",
      "liveness[].startMs",
      "neighbors.answeredMs",
      "neighbors.neighbors[].address",
      "neighbors.neighbors[].asked",
      "neighbors.neighbors[].dueMs",
      "neighbors.neighbors[].firstAskedMs",
      "neighbors.neighbors[].lastAskedMs",
      "neighbors.neighbors[].mac.high",
      "neighbors.neighbors[].mac.low",
      "neighbors.neighbors[].silence",
      "neighbors.neighbors[].sinceMs",
      "neighbors.neighbors[].state",
      "pair",
      "pair.id",
      "pair.routers[].address",
      "pair.routers[].family",
      "pair.routers[].router.activeIntervalMs",
      "pair.routers[].router.counts.heard",
      "pair.routers[].router.counts.sent",
      "pair.routers[].router.counts.splits",
      "pair.routers[].router.counts.takeovers",
      "pair.routers[].router.forwards",
      "pair.routers[].router.other.from",
      "pair.routers[].router.other.intervalMs",
      "pair.routers[].router.other.priority",
      "pair.routers[].router.sentMs",
      "pair.routers[].router.sinceMs",
      "pair.routers[].router.state",
      "pair.routers[].router.why",
      "remembered[].connections: Int32Array",
      "remembered[].strayed: Int32Array",
      "report.clusters.web.frames",
      "report.doubted",
      "report.fastPath.passedUp.capture",
      "report.fastPath.passedUp.elsewhere",
      "report.fastPath.passedUp.frame",
      "report.fastPath.passedUp.hop_limit",
      "report.fastPath.passedUp.icmp",
      "report.fastPath.passedUp.loop",
      "report.fastPath.passedUp.neighbor",
      "report.fastPath.passedUp.not_active",
      "report.fastPath.passedUp.packet",
      "report.fastPath.passedUp.port",
      "report.fastPath.passedUp.too_big",
      "report.fastPath.passedUp.unsettled",
      "report.kept.dropped",
      "report.kept.sent",
      "report.received",
      "report.transitions.web.buckets",
      "report.transitions.web.remembered",
      "report.transitions.web.unremembered",
      "report.workers[]",
      "techniques[].cluster",
      "techniques[].configured",
      "techniques[].technique",
      "transitions.clusters[].backends[].address",
      "transitions.clusters[].backends[].name",
      "transitions.clusters[].backends[].neighbor",
      "transitions.clusters[].began: Int32Array",
      "transitions.clusters[].cluster.buckets",
      "transitions.clusters[].cluster.mask.ipv4",
      "transitions.clusters[].cluster.mask.ipv6",
      "transitions.clusters[].cluster.name",
      "transitions.clusters[].cluster.seed",
      "transitions.clusters[].remembered.connections: Int32Array",
      "transitions.clusters[].remembered.strayed: Int32Array",
      "transitions.clusters[].transitions.former: Uint16Array",
      "transitions.clusters[].transitions.leaving[][]",
      "transitions.clusters[].transitions.leaving[][].buckets",
      "transitions.clusters[].transitions.leaving[][].cut",
      "transitions.clusters[].transitions.leaving[][].left",
      "transitions.clusters[].transitions.leaving[][].sinceMs",
      "transitions.clusters[].transitions.movedMs: Float64Array",
      "transitions.clusters[].transitions.old: Uint16Array",
      "transitions.clusters[].transitions.owners: Uint16Array",
      "transitions.tick",
    ]
  `);
});

test("when a frame was dropped is said by the workers' clock, whatever the engine's is", async () => {
  const { run, engine } = await started();
  await using next = await run.takeOver(engine);
  run.link.bring(f.ethernet([], { dst: f.MAC.other }));
  await run.clock.advance(500);
  expect(next.dropped().at(-1)!.sinceEpochMs).toBeCloseTo(run.clock.sinceEpoch() - 500, -1);
});
