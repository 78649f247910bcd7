/** Time on the page: forwards, frame by frame, backwards, and another course of things from an earlier moment on. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { CLUSTER, FREE, PORT, webScene } from "../../src/playground/lessons/scenes.ts";
import type { Moment } from "../../src/playground/page/address.ts";
import { Session } from "../../src/playground/page/session.ts";
import { LOST } from "../../src/playground/seen/chronicle.ts";
import { OverTime } from "../../src/playground/seen/over_time.ts";
import { VERSION } from "../../src/system/version.ts";

const SECOND = 1_000_000;

let session: Session;
beforeAll(async () => {
  session = await Session.open({ scene: FREE, schedule: [], atUs: 0 });
  await session.do({ do: "ask", client: "client1", to: CLUSTER, port: PORT, everyMs: 100 });
});
afterAll(() => session.close());

const frames = () => session.chronicle.recording.count;

test("an earlier moment is the same again, to every counter, and so is what comes after it", async () => {
  await session.seek(1.5 * SECOND);
  const [counters, count] = [session.world.counters(), frames()];
  await session.seek(3 * SECOND);
  const later = session.world.counters();
  expect(later).not.toEqual(counters);
  await session.seek(1.5 * SECOND);
  expect(session.shownUs).toBe(1.5 * SECOND);
  expect([session.world.counters(), frames()]).toEqual([counters, count]);
  await session.seek(3 * SECOND);
  expect(session.world.counters()).toEqual(later);
});

test("a step goes on to the next frame, and a step back to the one before", async () => {
  const before = session.shownUs;
  const count = frames();
  await session.step();
  expect(frames()).toBeGreaterThan(count);
  expect(session.shownUs).toBeGreaterThan(before);
  const stepped = session.shownUs;
  await session.step();
  await session.step();
  while (session.shownUs > stepped) await session.stepBack();
  expect(session.shownUs).toBe(stepped);
});

test("what is done at an earlier moment makes another course of things", async () => {
  await session.seek(4 * SECOND);
  await session.do({ do: "kill", node: "web1" });
  expect(session.world.node("web1").isRunning).toBe(false);
  await session.seek(3 * SECOND);
  expect(session.world.node("web1").isRunning).toBe(true);
  await session.do({ do: "kill", node: "web2" });
  await session.seek(5 * SECOND);
  expect(["web1", "web2"].map((name) => session.world.node(name).isRunning)).toEqual([true, false]);
  expect(session.moment.schedule.map(({ action }) => action.do)).toEqual(["ask", "kill"]);
});

test("time runs backwards by itself, and stands still at the beginning", async () => {
  await session.seek(SECOND);
  session.speed = 3 * SECOND;
  session.direction = -1;
  for (let picture = 0; picture < 100; picture++) await session.pass(50);
  expect([session.shownUs, session.direction, session.world.nowUs]).toEqual([0, 0, 0]);
});

test("time that is stopped on its way back is followed by the world all the same", async () => {
  await session.seek(2 * SECOND);
  Object.assign(session, { direction: -1, speed: 4e6 });
  // The world is on its way to one moment while the next ones pass, and time stands still before it is there.
  const passes = Array.from({ length: 5 }, () => session.pass(100));
  session.direction = 0;
  await Promise.all(passes);
  await session.pass(16);
  expect(session.world.nowUs).toBe(Math.floor(session.shownUs));
});

test("while no frame is on its way time hurries, and at a frame it is as slow as was asked for", async () => {
  session.speed = 100;
  session.direction = 1;
  const pictures: number[] = [];
  for (let picture = 0; picture < 60; picture++) {
    const before = session.shownUs;
    await session.pass(16);
    pictures.push(session.shownUs - before);
  }
  expect(session.shownUs).toBeGreaterThan(100_000);
  expect(pictures.some((us) => us > 1000) && pictures.some((us) => us > 0 && us < 10)).toBe(true);
});

test("what cannot be done is said, and changes nothing", async () => {
  const { schedule } = session.moment;
  await session.do({ do: "kill", node: "nobody" });
  expect(session.told).toMatch(/There is no node "nobody"/);
  expect(session.moment.schedule).toEqual(schedule);
});

test("what is shared is what others see; in another version they are told where something else comes of it", async () => {
  const shared = await session.toShare();
  expect(shared.made?.by).toBe(VERSION);
  const told = async (made: Moment["made"]) => {
    const opened = await Session.open({ ...shared, made: made! });
    await opened.seek(shared.atUs);
    await opened.close();
    return opened.told;
  };
  expect(await told(shared.made)).toBe("");
  expect(await told({ ...shared.made!, by: "0.0.9" })).toBe("");
  expect(await told({ by: "0.0.9", outcome: "0" })).toBe(
    `What you see is not what was shared: the address is from oneip 0.0.9, and this page, of oneip ${VERSION}, makes something else ` +
      "of the same actions. To see what was shared, open the address in a page of oneip 0.0.9",
  );
});

test("over time one sees how often each backend answers clients, and what is dropped", async () => {
  const scene = webScene({ clients: 1, backends: 2, cluster: ["health: [{type: tcp, interval: 1s}]"] });
  const asking = await Session.open({ scene, schedule: [], atUs: 0 });
  await asking.do({ do: "ask", client: "client1", to: CLUSTER, port: PORT, everyMs: 100 });
  await asking.seek(4 * SECOND);
  await asking.do({ do: "link", link: "client1-router", settings: { loss: 1 } });
  await asking.seek(6 * SECOND);
  const { overTime } = asking.chronicle;
  const of = (what: string) => overTime.rates(what, 6 * SECOND);
  expect(overTime.times(6 * SECOND)).toEqual([0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6]);
  // One of the two owns the client's bucket; the other one answers probes, which are no clients.
  const answers = ["web1", "web2"].map((name) => of(name)).sort(([, , one], [, , other]) => other! - one!);
  expect(answers[0]!.slice(2, 8)).toEqual([10, 10, 10, 10, 10, 10]);
  expect(answers[0]!.slice(9)).toEqual([0, 0, 0]);
  expect(answers[1]).toEqual(answers[1]!.map(() => 0));
  expect(of(LOST).slice(0, 8)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  expect(Math.min(...of(LOST).slice(9))).toBeGreaterThanOrEqual(10);
  await asking.close();
});

test("a long time is told in longer stretches, and nothing is forgotten", () => {
  const overTime = new OverTime();
  const hour = 3600 * SECOND;
  for (let atUs = 0; atUs < hour; atUs += SECOND) overTime.count("web1", atUs);
  expect(overTime.times(hour).length).toBeLessThanOrEqual(240);
  expect(overTime.times(hour).at(-1)).toBeCloseTo(3600, -2);
  expect(overTime.rates("web1", hour)).toEqual(overTime.times(hour).map(() => 1));
});
