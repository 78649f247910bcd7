/** Time on the page: forwards, frame by frame, backwards, and another course of things from an earlier moment on. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { CLUSTER, FREE, PORT } from "../../src/playground/lessons/scenes.ts";
import { Session } from "../../src/playground/page/session.ts";

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
