/** The running dispatcher's side of a takeover, whatever becomes of the other process, in virtual time. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EventRing } from "../../src/api/event_ring.ts";
import { HandingOver } from "../../src/api/handing_over.ts";
import type { DispatcherEvent } from "../../src/api/events.ts";
import type { Running } from "../../src/api/running.ts";
import { closeAll, DescriptorSocket } from "../../src/device/handed_descriptors.ts";
import { WakeUp } from "../../src/device/poll.ts";
import { type EngineRecord, type LateRecord, RECORD_VERSION } from "../../src/engine/record.ts";
import { VirtualClock } from "../../src/system/virtual_clock.ts";

const RECORD = { transitions: { tick: 7 } } as EngineRecord;
const TAKEN = "10.0.0.9";
const LATE = { report: { received: 8 } } as LateRecord;

let folder: string;
let socket: DescriptorSocket;
let queue: WakeUp;
let clock: VirtualClock;
let events: string[];
let did: string[];
let handingOver: HandingOver;
const EVENT: DispatcherEvent = {
  number: 7,
  time: "2026-01-01T00:00:00.000Z",
  ...{ name: "backend.up", message: "backend is up", data: {} },
};
let taken: number | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "oneip-handing-over-"));
  socket = new DescriptorSocket(join(folder, "socket"));
  queue = new WakeUp();
  clock = new VirtualClock();
  const ring = new EventRing();
  ring.add(EVENT);
  events = [];
  did = [];
  taken = undefined;
  let last: Promise<unknown> = Promise.resolve();
  const running = {
    tap: {
      name: "oneip0",
      descriptors: [queue.fd, queue.fd],
      hasNeighborQueue: true,
      granted: [],
      isAdopted: false,
      joined: null,
    },
    nowMs: 5,
    requireFree: (addresses: readonly string[]) => {
      if (addresses.includes(TAKEN)) throw new Error(`Another machine has ${TAKEN}`);
      return Promise.resolve();
    },
    inTurn: (work: () => Promise<unknown>) => last = last.then(work),
    rest: () => {
      did.push("rested");
      return RECORD;
    },
    stand: () => {
      did.push("stood");
      return Promise.resolve(LATE);
    },
    goOn: (record: EngineRecord) => {
      expect(record).toBe(RECORD);
      did.push("went on");
      return Promise.resolve();
    },
  } as unknown as Running;
  const log = pino({ base: null }, { write: (line: string) => void events.push(JSON.parse(line).event) });
  handingOver = new HandingOver(running, ring, log, clock);
  void handingOver.done.then((pid) => taken = pid);
});

afterEach(() => {
  queue.close();
  socket.close();
  rmSync(folder, { recursive: true });
});

function connection() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { closed: promise, close: resolve };
}

const begin = (by: { closed: Promise<void> }, version = 1, addresses: readonly string[] = []) =>
  handingOver.begin({ version, pid: 42, socket: socket.path, addresses: [...addresses] }, by);

/** As long as nothing else happens. */
const pass = (ms: number) => clock.advance(ms);

test("the descriptors are the other's too; it ends when the other one forwards", async () => {
  const by = connection();
  expect(await begin(by)).toEqual({
    tap: { name: "oneip0", hasNeighborQueue: true, granted: [], isAdopted: false, joined: null },
    descriptors: 2,
    nowMs: 5,
  });
  const { text, descriptors } = socket.receive();
  expect(text).toBe("descriptors");
  expect(descriptors).toHaveLength(2);
  // Another descriptor of the same eventfd.
  queue.raise();
  new WakeUp(descriptors[0]).lower();
  closeAll(descriptors);
  const { version, record } = handingOver.record(by);
  expect([version, JSON.parse(record)]).toEqual([RECORD_VERSION, { ...RECORD, events: [EVENT] }]);
  expect(JSON.parse((await handingOver.late(by)).record)).toEqual(LATE);
  handingOver.finish(by);
  expect(taken).toBeUndefined();
  by.close();
  await pass(0);
  expect([taken, did, events]).toEqual([42, ["rested", "stood"], ["takeover.begun"]]);
});

test("the other one ends before it asks for what is known: nothing was stopped", async () => {
  const by = connection();
  await begin(by);
  by.close();
  await pass(0);
  expect([did, events]).toEqual([[], ["takeover.begun", "takeover.failed"]]);
  await begin(connection());
});

test.each([
  ["ends", (by: ReturnType<typeof connection>) => by.close()],
  ["says nothing for too long", () => pass(3000)],
])(
  "the other one %s before it forwards: this one goes on, and does not hear of it any more",
  async (_, leave) => {
    const by = connection();
    await begin(by);
    handingOver.record(by);
    await pass(9000);
    await handingOver.late(by);
    await pass(2000);
    expect(did).toEqual(["rested", "stood"]);
    await leave(by);
    await pass(0);
    expect([did, events]).toEqual([["rested", "stood", "went on"], ["takeover.begun", "takeover.failed"]]);
    expect(() => handingOver.finish(by)).toThrow("or it took too long");
    expect(taken).toBeUndefined();
  },
);

test("the other one never gets ready: its time is bounded", async () => {
  await begin(connection());
  await pass(120_000);
  expect([did, events]).toEqual([[], ["takeover.begun", "takeover.failed"]]);
});

test("one at a time, in the same words, and step by step", async () => {
  const by = connection();
  expect(() => begin(by, 2)).toThrow(
    "The running dispatcher speaks version 1 of the takeover, not 2: stop it, and start this one",
  );
  await begin(by);
  expect(() => begin(connection())).toThrow("Process 42 is taking over already");
  expect(() => handingOver.finish(by)).toThrow("Ask for the record first");
  await expect(handingOver.late(by)).rejects.toThrow("Ask for the record first");
  expect(() => handingOver.record(connection())).toThrow("Nobody takes over by this connection");
  handingOver.record(by);
  expect(() => handingOver.record(by)).toThrow("The record was given already");
});

test("whoever wants no descriptors gets the reason, and another one may try", async () => {
  const by = connection();
  const path = join(folder, "nobody");
  await expect(handingOver.begin({ version: 1, pid: 42, socket: path, addresses: [] }, by)).rejects.toThrow(
    `Cannot send to ${path}: ENOENT`,
  );
  await begin(by);
});

test("it does not come to compute its tables: nobody had to wait, and this one goes on", async () => {
  const by = connection();
  await begin(by);
  handingOver.record(by);
  await pass(10_000);
  expect([did, events]).toEqual([["rested", "went on"], ["takeover.begun", "takeover.failed"]]);
  await expect(handingOver.late(by)).rejects.toThrow("it took too long and the running dispatcher goes on");
});

test("an address that another machine has: nothing is given away, and another one may try", async () => {
  await expect(begin(connection(), 1, [TAKEN])).rejects.toThrow(`Another machine has ${TAKEN}`);
  expect([socket.receive().descriptors, events]).toEqual([[], []]);
  await begin(connection());
});
