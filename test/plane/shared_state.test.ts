import { expect, test } from "vitest";
import { DataPlane, MemoryDevice, SharedState } from "oneip";
import { Ring } from "../../src/plane/ring.ts";
import * as verdict from "../../src/path/verdict.ts";
import { parseMac } from "../../src/wire/address.ts";
import * as f from "../frames.ts";
import { BUCKETS, NEIGHBOR, PLAN } from "../path/arrange.ts";

const DIMENSIONS = { clusters: 1, buckets: BUCKETS, neighbors: 3, slotSize: 2048 };

test("a table is the worker's until it has taken the next one", async () => {
  const main = new SharedState(DIMENSIONS);
  const worker = new SharedState(DIMENSIONS, main.memory).workers[0]!;
  const first = await main.standby();
  first.setOwners(0, new Uint16Array(BUCKETS).fill(1));
  main.publish();
  expect(worker.take().owner(0)).toBe(1);

  (await main.standby()).setOwners(0, new Uint16Array(BUCKETS).fill(2));
  expect(worker.take().owner(0), "not published yet").toBe(1);
  main.publish();
  let isFree = false;
  const standby = main.standby().then(() => isFree = true);
  await Promise.resolve();
  expect(isFree, "the worker still reads it").toBe(false);
  expect(worker.take().owner(0)).toBe(2);
  await standby;
  expect(main.epoch).toBe(2);
});

test("a ring gives frames back in order, refuses when full, and goes on when read", () => {
  const memory = new SharedArrayBuffer(Ring.byteLength(64, 256));
  // As after two thousand million frames: the counts wrap on the way.
  new Int32Array(memory, 0, 2).fill(0x7fffffff - 500);
  const [writer, reader] = [new Ring(memory, 0, 64, 256), new Ring(memory, 0, 64, 256)];
  const slot = (octet: number) => new Uint8Array(64).fill(octet);
  const words = (octet: number) => new Int32Array(slot(octet).buffer);
  let pushed = 0;
  while (writer.push(verdict.PENDING, pushed, words(pushed), 60)) pushed++;
  expect(pushed).toBe(256);
  expect(reader.waiting).toBe(256);
  for (let round = 0; round < 1000; round++) {
    const handed = reader.shift()!;
    expect(handed.neighbor).toBe(round);
    expect(handed.frame).toEqual(slot(round).slice(0, 60));
    expect(writer.push(verdict.PENDING, round + 256, words(round + 256), 60)).toBe(true);
  }
});

test("a flood of frames whose next hop is not known yet keeps no neighbor's answer out", () => {
  const shared = new SharedState(DIMENSIONS);
  const worker = shared.workers[0]!;
  const device = new MemoryDevice();
  // Its clock goes on, so that the rate limit does not hide what the rings do.
  let nowMs = 0;
  const plane = new DataPlane(PLAN, device, worker, () => nowMs += 1000);
  const reply = f.ethernet(f.arp({ operation: 2, senderIp: "10.0.0.11", targetIp: f.IP.dispatcher }), {
    type: f.ETHERTYPE.arp,
  });
  for (let round = 0; round < 200; round++) {
    device.put(...Array.from({ length: 50 }, () => f.synToCluster()), reply);
  }
  while (plane.burst() > 0);
  expect(worker.heard.waiting, "nobody has read any yet").toBe(200);
  expect(worker.pending.waiting).toBe(64);
  const counts = shared.verdicts();
  expect(counts[verdict.HEARD_NEIGHBOR]).toBe(200);
  expect(counts[verdict.DROP_PENDING]).toBe(200 * 50 - 64);
  expect(counts[verdict.DROP_RING_FULL]).toBe(0);
});

test("the data plane inline, over memory: frames in, frames out, every one counted", async () => {
  const shared = new SharedState(DIMENSIONS);
  const table = await shared.standby();
  table.setOwners(0, new Uint16Array(BUCKETS).fill(NEIGHBOR.backend1));
  const { high, low } = parseMac(f.MAC.backend1)!;
  table.setMac(NEIGHBOR.backend1, high, low);
  shared.publish();
  const device = new MemoryDevice();
  const plane = new DataPlane(PLAN, device, shared.workers[0]!, () => 0);
  device.put(...Array.from({ length: 100 }, () => f.synToCluster()));
  device.put(f.ethernet(f.arp(), { dst: f.MAC.broadcast, type: f.ETHERTYPE.arp }), new Uint8Array(5));
  expect([plane.burst(), plane.burst(), plane.burst()]).toEqual([64, 38, 0]);
  expect(device.sent).toHaveLength(101);
  expect(shared.verdicts()[verdict.DISPATCHED]).toBe(100);
  expect(shared.toNeighbor(NEIGHBOR.backend1).frames).toBe(100);
  expect(shared.toCluster(0)).toEqual(shared.toNeighbor(NEIGHBOR.backend1));
  expect(shared.verdicts()[verdict.ANSWERED_ARP]).toBe(1);
  expect(shared.verdicts()[verdict.DROP_RUNT]).toBe(1);
});

test("frames of every length up to 65,535 octets: none longer than its slot gets through", async () => {
  const shared = new SharedState(DIMENSIONS);
  const table = await shared.standby();
  table.setOwners(0, new Uint16Array(BUCKETS).fill(NEIGHBOR.backend1));
  table.setMac(NEIGHBOR.backend1, 0x0200, 0x11);
  shared.publish();
  const device = new MemoryDevice();
  const plane = new DataPlane(PLAN, device, shared.workers[0]!, () => 0);
  const { slotSize } = DIMENSIONS;
  const lengths = [1, slotSize - 1, slotSize, slotSize + 1, 65_535];
  for (let length = 98; length < 65_535; length += 4999) lengths.push(length);
  for (const length of lengths) {
    const payload = f.udp(new Array<number>(Math.max(0, length - 42)).fill(1));
    device.put(f.ethernet(f.ipv4(payload.slice(0, 65_515))).slice(0, length));
    plane.burst();
  }
  const counts = shared.verdicts();
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(lengths.length);
  expect(Math.max(...device.sent.map(({ length }) => length))).toBeLessThanOrEqual(slotSize);
  expect(shared.verdicts()[verdict.DROP_MALFORMED]).toBeGreaterThan(0);
});

test("a device that takes nothing: the frame is counted as not sent", () => {
  const shared = new SharedState(DIMENSIONS);
  const device = new MemoryDevice();
  device.write = () => false;
  const plane = new DataPlane(PLAN, device, shared.workers[0]!, () => 0);
  device.put(f.ethernet(f.arp(), { dst: f.MAC.broadcast, type: f.ETHERTYPE.arp }));
  plane.burst();
  expect(shared.verdicts()[verdict.DROP_TRANSMIT]).toBe(1);
  expect(shared.verdicts()[verdict.ANSWERED_ARP]).toBe(0);
});
