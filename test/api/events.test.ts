/** Events over the API: none is missed by whoever comes back in time, and a slow reader costs nothing. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EventRing } from "../../src/api/event_ring.ts";
import { eventStream } from "../../src/api/event_stream.ts";
import { type DispatcherEvent, Events } from "../../src/api/events.ts";
import { follow } from "../../src/api/follow.ts";
import { listen } from "../../src/api/socket.ts";
import { VirtualClock } from "../../src/system/virtual_clock.ts";
import { until } from "../../src/system/until.ts";
import { SOURCES } from "./handlers.ts";

function add(ring: EventRing, count: number): void {
  for (let number = ring.newest + 1, end = number + count; number < end; number++) {
    const about = { name: "backend.up", message: "backend is up", data: { backend: "web1" } } as const;
    ring.add({ number, time: "2026-01-01T00:00:00.000Z", ...about });
  }
}

const textOf = async (reader: ReadableStreamDefaultReader<Uint8Array>) =>
  new TextDecoder().decode((await reader.read()).value);

const numberIn = (text: string) => Number(/^id: (\d+)$/m.exec(text)?.[1]);

test("whoever comes back gets what came after the last, as far as it is kept, and is told what is not", async () => {
  const ring = new EventRing();
  add(ring, 1500);
  expect([ring.all().length, ring.all()[0]!.number, ring.all().at(-1)!.number]).toEqual([1000, 501, 1500]);
  const first = async (last: number) => {
    const reader = eventStream(ring, last, new VirtualClock()).getReader();
    await reader.read();
    const text = await textOf(reader);
    await reader.cancel();
    return text;
  };
  expect(numberIn(await first(1499))).toBe(1500);
  expect(await first(100)).toMatch(
    /^: 400 older events are not kept any more\nid: 501\nevent: backend.up\ndata: {"number":501,/,
  );
  expect(numberIn(await first(9999)), "of another process").toBe(501);
});

test("who knows a number of another process waits for the first event of this one", () => {
  const ring = new EventRing();
  expect(ring.after(5)).toBeUndefined();
  add(ring, 1);
  expect(ring.after(5)?.number).toBe(1);
  expect(ring.after(1)).toBeUndefined();
});

test("after a takeover the numbers go on, and the last one of before is known", async () => {
  const [old, next] = [new EventRing(), new EventRing()];
  add(old, 1500);
  for (const event of old.all()) next.add(event);
  const events = new Events();
  events.listen((event) => next.add(event));
  events.goOnAfter(old.all());
  add(old, 1); // That it was taken over.
  events.hear('{"level":30,"time":"2026-01-01T00:00:01.000Z","event":"takeover.done","msg":"taken over"}');
  const after = async (last: number) => {
    const reader = eventStream(next, last, new VirtualClock()).getReader();
    await reader.read();
    const text = await textOf(reader);
    await reader.cancel();
    return text;
  };
  expect(numberIn(await after(1499))).toBe(1500);
  expect(await after(1500), "it has not heard the last word of before").toMatch(/^: 1 older .*\nid: 1502\n/);
  expect(await after(1501)).toMatch(/^id: 1502\nevent: takeover.done\n/);
  expect(next.all().map(({ number }) => number).slice(-2)).toEqual([1500, 1502]);
  expect(next.all()).toHaveLength(999);
});

test("a reader that stands still holds nothing, and gets the rest when it goes on", async () => {
  const ring = new EventRing();
  const reader = eventStream(ring, 0, new VirtualClock()).getReader();
  add(ring, 5000);
  const numbers: number[] = [];
  while (numbers.at(-1) !== 5000) {
    const text = await textOf(reader);
    if (text.includes("id: ")) numbers.push(numberIn(text));
  }
  expect(numbers.length).toBeLessThan(1010);
  await reader.cancel();
});

test("while nothing happens a comment comes each 15 seconds", async () => {
  const clock = new VirtualClock();
  const reader = eventStream(new EventRing(), 0, clock).getReader();
  await reader.read();
  const comments: string[] = [];
  const reading = (async () => {
    for (let count = 0; count < 2; count++) {
      comments.push(await textOf(reader));
    }
  })();
  await clock.advance(14_999);
  expect(comments).toEqual([]);
  await clock.advance(15_002);
  await reading;
  expect(comments).toEqual([":\n\n", ":\n\n"]);
  await reader.cancel();
  await clock.advance(15_000);
  expect(clock.waiting, "nothing is left of one that has gone").toBe(0);
});

test("over the socket they come as they happen, until the dispatcher ends", async () => {
  const folder = mkdtempSync(join(tmpdir(), "oneip-events-"));
  const path = join(folder, "socket");
  const ring = new EventRing();
  const listener = await listen(path, { ...SOURCES, ring });
  try {
    add(ring, 2);
    const heard: DispatcherEvent[] = [];
    const followed = follow(path, 1, (event) => heard.push(event)).catch((error: Error) => error.message);
    await until("the one before", () => heard.length === 1);
    add(ring, 1);
    await until("the one that came", () => heard.length === 2);
    expect(heard.map(({ number, name }) => [number, name])).toEqual([[2, "backend.up"], [3, "backend.up"]]);
    listener.close();
    expect(await followed).toBe("The dispatcher has ended");
  } finally {
    listener.close();
    rmSync(folder, { recursive: true });
  }
});
