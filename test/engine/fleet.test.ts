/** What a dispatcher has BIRD announce, in virtual time over a simulated link: from its start to its end, and when another goes on. */

import { afterEach, beforeEach, expect, test } from "vitest";
import { type Engine, UsageError } from "oneip";
import { recordIn, textOf } from "../../src/system/record_text.ts";
import { until } from "../../src/system/until.ts";
import { FakeBird } from "../fleet/fake_bird.ts";
import * as f from "../frames.ts";
import { clusterOf, machines, Run } from "./run.ts";

const DRAIN_MS = 500;
/** In which changes are gathered, computed and published. */
const GATHERED_MS = 60;
const MACHINES = machines(2);
const DOWN = { state: "down", reason: "its port 80 refuses" } as const;

let bird: FakeBird;
beforeEach(async () => {
  bird = new FakeBird(["oneip_web_ipv4", "oneip_web_ipv4_drain"]);
  bird.sessions = ["Established"];
  await bird.start();
});
afterEach(() => bird[Symbol.asyncDispose]());

const configWith = (more: object = {}) =>
  ({
    ...clusterOf(MACHINES, more),
    fleet: { bird: { socket: bird.path, drainMs: DRAIN_MS }, etcd: undefined },
  }) as const;

/** Where the virtual clock stands still, BIRD has time to answer. */
function has(engine: Engine, state: string): Promise<unknown> {
  return until(`the routes are ${state}`, () => engine.fleet().routes[0]!.state === state);
}

/** With routes announced. */
async function started(more: object = {}) {
  const run = new Run(MACHINES, configWith(more));
  const engine = await run.start();
  await run.clock.advance(200);
  await has(engine, "withdrawn");
  expect(engine.fleet().routes[0]!.why).toBe("the dispatcher is starting");
  await run.clock.advance(800);
  await has(engine, "announced");
  bird.asked.length = 0;
  return { run, engine };
}

const eventsOf = (run: Run) =>
  run.lines().flatMap(({ event, reason }) =>
    event?.startsWith("route") ? [`${event}: ${String(reason)}`] : []
  );

test("routes are announced while it is ready and enough backends are live, and people may have it otherwise", async () => {
  const { run, engine } = await started();
  expect(engine.status().fleet?.bird).toMatchObject({
    answers: true,
    why: null,
    sessions: { established: 1, all: 1 },
  });
  expect(engine.status().clusters[0]!.routes).toMatchObject({
    state: "announced",
    why: "2 of 2 backends are live",
  });
  for (const { name } of MACHINES) engine.healthChanged("web", name, DOWN);
  await run.clock.advance(GATHERED_MS);
  await has(engine, "withdrawn");
  expect(bird.enabled).toEqual([]);
  engine.healthChanged("web", "web2", { state: "up", reason: "its port 80 accepts" });
  await run.clock.advance(GATHERED_MS);
  await has(engine, "announced");
  expect((await engine.administerFleet("draining")).routes).toMatchObject([{
    state: "leaving",
    why: "by command",
  }]);
  expect(bird.enabled).toEqual(["oneip_web_ipv4_drain"]);
  expect((await engine.administerFleet("down")).routes).toMatchObject([{
    state: "withdrawn",
    why: "by command",
  }]);
  expect((await engine.administerFleet("active")).routes).toMatchObject([{ state: "announced" }]);
  expect(eventsOf(run)).toEqual([
    "route.announced: 2 of 2 backends are live",
    "route.withdrawn: 0 of at least 1 backends are live",
    "route.announced: 1 of 2 backends are live",
    "route.leaving: by command",
    "route.withdrawn: by command",
    "route.announced: 1 of 2 backends are live",
  ]);
  bird.says = () => "8007 Access denied\n";
  await engine.stop();
});

test("while it drains before its end it forwards on", async () => {
  const { run, engine } = await started();
  const stopped = engine.stop();
  await has(engine, "leaving");
  run.link.bring(f.ethernet(f.ipv4(f.udp([]))));
  expect(run.link.delivered.size, "forwarded").toBe(1);
  await run.clock.advance(DRAIN_MS);
  await stopped;
  expect(bird.enabled).toEqual([]);
  expect(eventsOf(run).slice(1)).toEqual([
    "route.leaving: the dispatcher stops",
    "route.withdrawn: the dispatcher stops",
  ]);
});

test("one that can do its work no more withdraws at once", async () => {
  const { run, engine } = await started();
  run.attachment.fail(new Error("the device is gone"));
  await expect(engine.failed).rejects.toThrow();
  await engine.stop();
  expect(bird.enabled).toEqual([]);
});

test("over a reload and a takeover BIRD is told nothing, and what people want stays", async () => {
  const { run, engine } = await started();
  const { since } = engine.fleet().routes[0]!;
  const reloaded = await run.reload(engine, configWith({ closed: "drop" }));
  await until("BIRD is asked", () => reloaded.fleet().bird.answers);
  const taken = await run.takeOver(reloaded, configWith());
  await until("BIRD is asked", () => taken.fleet().bird.answers);
  expect(bird.asked).toEqual([]);
  expect(taken.fleet().routes).toEqual([{
    cluster: "web",
    state: "announced",
    why: "2 of 2 backends are live",
    since,
  }]);
  await taken.administerFleet("draining");
  const record = recordIn<ReturnType<Engine["rest"]>>(textOf(taken.rest()));
  expect(record.announcing).toMatchObject({ administration: "draining", routes: [{ state: "leaving" }] });
  await taken.leave();
});

test("without BIRD there is nothing to command", async () => {
  const run = new Run(MACHINES, clusterOf(MACHINES));
  await using engine = await run.start();
  expect(() => engine.fleet()).toThrow(UsageError);
  await expect(engine.administerFleet("down")).rejects.toThrow(
    "No BIRD announces the routes: the configuration has no fleet.bird",
  );
});
