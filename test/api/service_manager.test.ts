/** What a service manager is told of a dispatcher, in virtual time. */

import pino from "pino";
import { beforeEach, expect, test } from "vitest";
import { SharedState, VirtualClock } from "oneip";
import { ServiceManager, serviceManagerOf } from "../../src/api/service_manager.ts";
import { DescriptorSocket } from "../../src/device/handed_descriptors.ts";
import { WakeUp } from "../../src/device/poll.ts";
import { Queue } from "../../src/device/queue.ts";
import type { Status } from "../../src/engine/status.ts";
import { Workers } from "../../src/plane/workers.ts";
import { until } from "../../src/system/until.ts";
import { BUCKETS, PLAN } from "../path/arrange.ts";

const ALLOWED_MS = 10_000;

let clock: VirtualClock;
let told: string[];
let manager: ServiceManager;
/** Of two workers; one that hangs does not come by. */
let bursts: number[];
let hangs: boolean[];
let live: PromiseWithResolvers<void>;
let backends: number;

beforeEach(() => {
  clock = new VirtualClock();
  told = [];
  bursts = [0, 0];
  hangs = [false, false];
  live = Promise.withResolvers();
  backends = 2;
  manager = new ServiceManager({ tell: (text) => void told.push(text), watchdogMs: ALLOWED_MS, clock });
});

function follow(): void {
  manager.follow({
    live: live.promise,
    bursts: () => bursts = bursts.map((count, worker) => hangs[worker] ? count : count + 1 | 0),
    status: () => ({ clusters: [{ name: "web", live: backends, backends: [{}, {}] }] }) as unknown as Status,
  });
}

async function becomeLive(): Promise<void> {
  follow();
  live.resolve();
  await clock.advance(0);
  told.length = 0;
}

const fed = () => told.filter((text) => text === "WATCHDOG=1").length;

test("it is ready when the first map of known states is live, and its status is a sentence", async () => {
  follow();
  await clock.advance(100);
  expect(told).toEqual(["STATUS=Starts", "STATUS=Forwards, and finds out which backends are up"]);
  live.resolve();
  await clock.advance(0);
  expect(told.at(-1)).toBe("READY=1\nSTATUS=2 of 2 backends live");
  told.length = 0;
  backends = 0;
  for (let change = 0; change < 100; change++) manager.changed();
  await clock.advance(1000);
  expect(told.filter((text) => text !== "WATCHDOG=1")).toEqual(["STATUS=0 of 2 backends live, none of web"]);
});

test("it says that it is alive at half of what the manager allows", async () => {
  bursts = [2 ** 31 - 3, 0]; // A count wraps.
  await becomeLive();
  await clock.advance(100 * ALLOWED_MS);
  expect(fed()).toBe(200);
});

test("a worker that hangs stops that, before the manager's time is over; one that comes back goes on with it", async () => {
  await becomeLive();
  await clock.advance(3 * ALLOWED_MS);
  hangs = [false, true];
  await clock.advance(ALLOWED_MS / 2);
  told.length = 0;
  await clock.advance(10 * ALLOWED_MS);
  expect(fed()).toBe(0);
  hangs = [false, false];
  await clock.advance(ALLOWED_MS / 10);
  expect(fed()).toBe(1);
});

test("workers that stand for a moment, as at a takeover, end nothing", async () => {
  await becomeLive();
  let last = clock.now();
  for (let ms = 0; ms < 20 * ALLOWED_MS; ms += 250) {
    hangs = [ms % 4000 < 2000, false];
    told.length = 0;
    await clock.advance(250);
    if (fed() > 0) last = clock.now();
    expect(clock.now() - last).toBeLessThan(ALLOWED_MS);
  }
});

test("a reload begins with RELOADING and ends with READY, also when it is refused; before the first READY it says nothing", async () => {
  follow();
  told.length = 0;
  await manager.during(() => Promise.resolve());
  expect(told).toEqual([]);
  await becomeLive();
  const refused = manager.during(() => Promise.reject(new Error("a mistake")));
  await expect(refused).rejects.toThrow("a mistake");
  expect(told[0]).toMatch(/^RELOADING=1\nMONOTONIC_USEC=[1-9]\d+$/);
  expect(told[1]).toBe("READY=1\nSTATUS=2 of 2 backends live");
});

test("after its last word it is silent, and a process that goes on in its place is the last word", async () => {
  await becomeLive();
  manager.replacedBy(77);
  manager.stopping();
  manager.changed();
  await clock.advance(10 * ALLOWED_MS);
  expect(told).toEqual(["MAINPID=77"]);
});

test("an abstract socket is told, too; programs that are started later do not know it", () => {
  const socket = new DescriptorSocket(`@oneip-manager-${process.pid}`);
  const env = { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: "5000000", WATCHDOG_PID: "1" };
  const said: string[] = [];
  const log = pino({}, { write: (line) => void said.push(line) });
  serviceManagerOf(env, log);
  expect(socket.receive().text).toBe("STATUS=Starts");
  expect(env).toEqual({});
  socket.close();
  serviceManagerOf({ NOTIFY_SOCKET: socket.path }, log).stopping();
  expect(said.filter((line) => line.includes("the service manager cannot be told"))).toHaveLength(1);
  serviceManagerOf({}, log).stopping();
});

test("a worker without frames comes by when it is woken, one that stands does not", async () => {
  const shared = new SharedState({ clusters: 1, buckets: BUCKETS, neighbors: 3, slotSize: 2048, workers: 1 });
  const open = new WakeUp();
  const workers = new Workers(PLAN, shared, [new Queue(open.fd)]);
  const worker = shared.workers[0]!;
  const comesBy = async () => {
    const before = worker.bursts;
    workers.wake();
    await until("it comes by", () => worker.bursts !== before);
  };
  await shared.settled();
  await comesBy();
  shared.hold();
  workers.wake();
  await shared.stood();
  const stands = worker.bursts;
  workers.wake();
  expect(worker.bursts).toBe(stands);
  shared.release();
  await comesBy();
  await workers.stop();
  open.close();
});
