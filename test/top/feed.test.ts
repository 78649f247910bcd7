/** What a feed makes of a dispatcher that stands still, ends, or is another one. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { listen } from "../../src/api/socket.ts";
import { VirtualClock } from "../../src/system/virtual_clock.ts";
import { until } from "../../src/system/until.ts";
import { Feed } from "../../src/top/feed.ts";
import { event, FakeDispatcher } from "./arrange.ts";

const folder = mkdtempSync(join(tmpdir(), "oneip-feed-"));
const path = join(folder, "socket");
afterAll(() => rmSync(folder, { recursive: true }));

test("each second it asks; who stands still or ends is told of, and another one is found, with its own events", async () => {
  const clock = new VirtualClock();
  const fake = new FakeDispatcher(2);
  let isStill = false;
  const { sources } = fake;
  const status = async () => {
    if (isStill) await new Promise(() => {});
    return sources.handlers.status({}, { closed: Promise.resolve() });
  };
  let listener = await listen(path, { ...sources, handlers: { ...sources.handlers, status } });
  let rounds = 0;
  const feed = new Feed(path, clock, () => rounds++);
  const round = async (ms = 1000) => {
    const before = rounds;
    await clock.advance(ms);
    await until("a round is over", () => rounds > before);
  };
  try {
    await feed.start();
    expect(feed.known!.readings.framesIn).toBeNull();
    await round();
    expect(feed.known!.readings.framesIn).toBe(1000);
    for (let number = 2; number <= 150; number++) fake.ring.add(event(number, "web2"));
    await until("the latest hundred events", () => feed.known!.events.at(-1)?.number === 150);
    expect(feed.known!.events.length).toBe(100);

    isStill = true;
    await clock.advance(1000);
    await round(3000);
    expect(feed.known!.trouble).toEqual({ why: "it has not answered for 3 s", sinceMs: 5000 });
    isStill = false;
    await round();
    expect(feed.known!.trouble).toBeUndefined();

    listener.close();
    await round();
    expect(feed.known!.trouble!.sinceMs).toBe(7000);
    await round();
    expect(feed.known!.trouble).toMatchObject({
      why: expect.stringContaining("no dispatcher runs"),
      sinceMs: 7000,
    });
    listener = await listen(path, new FakeDispatcher(3).sources);
    await round();
    expect(feed.known!.readings.backends.length).toBe(3);
    expect(feed.known!.events.map(({ number }) => number)).toEqual([1]);
    expect(await feed.carryOut({ command: "drain", backend: "web/web2" })).toBe(
      "web/web2 is draining: by command",
    );
  } finally {
    feed.stop();
    listener.close();
  }
  await until("nothing is left", () => clock.waiting === 0);
});
