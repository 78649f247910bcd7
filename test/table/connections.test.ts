import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import {
  ABSENT,
  CLOSING,
  Connections,
  FLOW,
  isSilent,
  KEY,
  OPEN,
  OPENING,
  phaseOf,
  stampOf,
} from "../../src/table/connections.ts";
import { NO_BACKEND } from "../../src/table/bucket_map.ts";
import { roundsOf } from "../needs.ts";
import { Random } from "../random.ts";
import { type Shared, STOP } from "./connections_shared.ts";

function make(connections: number): Connections {
  return new Connections(new SharedArrayBuffer(Connections.byteLength(connections)), 0, connections);
}

interface Drawn {
  readonly key: Int32Array;
  readonly hash: number;
  readonly owner: number;
  readonly bucket: number;
}

/** With few different hashes, so that many share one. */
function draw(random: Random): Drawn {
  return {
    key: Int32Array.from({ length: KEY }, () => random.int32()),
    hash: random.below(8) << 29,
    owner: random.below(0x7fff),
    bucket: random.below(65_536),
  };
}

test("agrees with a Map about what is remembered, also when much is forgotten in between", () => {
  const random = new Random(11);
  const connections = make(512);
  const known = new Map<Drawn, { owner: number; stamp: number }>();
  let all: Drawn[] = [];
  let refused = 0;
  let waiting = 0;
  // expect() only where they differ: 40,000 of them would take most of the time.
  const expectSame = <T>(found: T, expected: T) => found === expected || expect(found).toEqual(expected);
  for (let round = 0; round < 20_000; round++) {
    const one = all.length > 0 && random.below(2) === 0 ? random.pick(all) : draw(random);
    const cell = connections.find(one.key, one.hash);
    const expected = known.get(one);
    expectSame(cell !== ABSENT, expected !== undefined);
    const stamp = stampOf(round, random.below(4));
    if (expected === undefined) {
      if (connections.add(one.key, one.hash, one.owner, one.bucket, stamp)) {
        known.set(one, { owner: one.owner, stamp });
        all.push(one);
      } else refused++;
    } else {
      expectSame(connections.owner(cell), expected.owner);
      expectSame(connections.stamp(cell), expected.stamp);
      const owner = random.below(0x7fff);
      if (random.below(2) === 0) expectSame(connections.touch(cell, one.hash, stamp), true);
      else expectSame(connections.give(cell, one.hash, expected.owner = owner, stamp), true);
      expected.stamp = stamp;
    }
    if (random.below(200) > 0) continue;
    const threshold = random.below(0x7fff);
    const gone = [...known].filter(([, { owner }]) => owner < threshold);
    waiting += gone.length;
    expect(connections.retire((owner) => owner < threshold)).toBe(waiting);
    for (const [{ key, hash }] of gone) expectSame(connections.find(key, hash), ABSENT);
    for (const [drawn] of gone) known.delete(drawn);
    all = [...known.keys()];
    const freed = random.below(waiting + 1);
    connections.free(freed);
    waiting -= freed;
    expect(connections.count()).toBe(known.size);
  }
  expect(refused, "sets get full").toBeGreaterThan(100);
});

describe("takes over another one's", () => {
  const [FIRST, OTHER] = [7, 8];
  const key = (number: number) => new Int32Array(KEY).fill(number);

  /** What is known of these connections: owner and stamp. */
  function known(connections: Connections, ...numbers: number[]) {
    return numbers.map((number) => {
      const cell = connections.find(key(number), number << 28);
      return cell === ABSENT ? undefined : [connections.owner(cell), connections.stamp(cell)];
    });
  }

  const add = (connections: Connections, number: number, owner: number, stamp: number) =>
    connections.add(key(number), number << 28, owner, number, stamp);

  test("with other owners, without those that are forgotten, and counts those that find no room", () => {
    const before = make(64);
    const now = make(16);
    for (let number = 0; number < 20; number++) add(before, number, FIRST, stampOf(number, OPEN));
    const record = before.record();
    const refused = now.adopt(record, (owner, bucket) => bucket < 2 ? NO_BACKEND : owner + 100);
    expect([refused, now.count()]).toEqual([2, 16]);
    expect(known(now, 1, 2)).toEqual([undefined, [FIRST + 100, stampOf(2, OPEN)]]);
    expect(now.adopt(before.record(), (owner) => owner, record), "nothing is new").toBe(0);
  });

  test("once more: what has come and what was heard there since, but for what was heard here", () => {
    const before = make(64);
    const now = make(64);
    for (const number of [1, 2, 3, 5]) add(before, number, FIRST, stampOf(1, OPENING));
    const record = before.record();
    now.adopt(record, (owner) => owner);
    const touch = (connections: Connections, number: number, stamp: number) =>
      connections.touch(connections.find(key(number), number << 28), number << 28, stamp);
    before.give(before.find(key(1), 1 << 28), 1 << 28, OTHER, stampOf(1, CLOSING));
    before.give(before.find(key(5), 5 << 28), 5 << 28, OTHER, stampOf(1, OPENING));
    touch(before, 2, stampOf(1, OPEN));
    touch(now, 2, stampOf(2, CLOSING));
    touch(now, 3, stampOf(2, OPEN));
    add(before, 4, OTHER, stampOf(1, OPENING));
    expect(now.adopt(before.record(), (owner) => owner, record)).toBe(0);
    expect(known(now, 1, 2, 3, 4, 5)).toEqual([
      [OTHER, stampOf(1, CLOSING)],
      [FIRST, stampOf(2, CLOSING)],
      [FIRST, stampOf(2, OPEN)],
      [OTHER, stampOf(1, OPENING)],
      [OTHER, stampOf(1, OPENING)],
    ]);
    expect(now.count()).toBe(5);
  });
});

test("tells of each entry its owner and its bucket, whatever they are", () => {
  const connections = make(64);
  const key = new Int32Array(KEY);
  expect(connections.add(key, 0, 0x7ffe, 65_535, stampOf(5, OPEN))).toBe(true);
  expect(connections.give(connections.find(key, 0), 0, 0, stampOf(6, OPEN))).toBe(true);
  const seen: number[][] = [];
  connections.retire((...entry) => seen.push(entry) < 0);
  expect(seen).toEqual([[0, 65_535, stampOf(6, OPEN)]]);
});

test("room that is retired is free only when it is said that nobody looks at it any more", () => {
  const connections = make(16);
  const key = (first: number) => new Int32Array(KEY).fill(first);
  for (let index = 0; index < 16; index++) expect(connections.add(key(index), 0, 1, 0, 0)).toBe(true);
  expect(connections.add(key(99), 0, 1, 0, 0)).toBe(false);
  expect(connections.retire((owner) => owner === 1)).toBe(16);
  expect(connections.add(key(99), 0, 1, 0, 0)).toBe(false);
  connections.free(1);
  expect(connections.add(key(99), 0, 1, 0, 0)).toBe(true);
  expect(connections.add(key(98), 0, 1, 0, 0)).toBe(false);
  expect(connections.count()).toBe(1);
});

test("of two thirds of what there is room for, 98 of 100 find their place", () => {
  const random = new Random(3);
  const connections = make(16_384);
  let refused = 0;
  const tries = Math.floor(16_384 * 2 / 3);
  for (let index = 0; index < tries; index++) {
    const { key, owner, bucket } = draw(random);
    if (!connections.add(key, random.int32(), owner, bucket, 0)) refused++;
  }
  expect(refused / tries).toBeLessThan(0.02);
});

test("three threads at once: whoever finds a connection finds its own owner, while the main thread takes away", async () => {
  const count = 512;
  const memory = new SharedArrayBuffer(Connections.byteLength(count));
  const words = new SharedArrayBuffer(16);
  const state = new Int32Array(words);
  const connections = new Connections(memory, 0, count);
  const workers = [1, 2].map((worker) => {
    const workerData: Shared = { memory, words, connections: count, worker };
    return new Worker(new URL("./connections_probe.ts", import.meta.url), { workerData });
  });
  const results = workers.map((worker) => once(worker, "message"));
  const bursts = () => [1, 2].map((worker) => Atomics.load(state, worker));
  const nextBursts = async () => {
    const before = bursts();
    while (bursts().some((burst, index) => burst === before[index])) await setImmediate();
  };
  await nextBursts();
  const rounds = roundsOf(100);
  let [retired, foreign] = [0, 0];
  for (let round = 0; round < rounds; round++) {
    const retiredNow = connections.retire((owner, bucket) => {
      foreign += Number(owner !== bucket);
      return owner % 4 === round % 4;
    });
    await nextBursts();
    connections.free(retiredNow);
    retired += retiredNow;
  }
  Atomics.store(state, STOP, 1);
  for (const [{ found, wrong }] of await Promise.all(results)) {
    expect(wrong).toBe(0);
    expect(found).toBeGreaterThan(0);
  }
  expect(foreign).toBe(0);
  expect(retired).toBeGreaterThan(rounds);
});

describe("silence", () => {
  test.each([
    { name: "not yet open", phase: OPENING, longest: 60 },
    { name: "ended by its client", phase: CLOSING, longest: 60 },
    { name: "a flow", phase: FLOW, longest: 30 },
  ])("$name: over after $longest ticks", ({ phase, longest }) => {
    expect(phaseOf(stampOf(1000, phase))).toBe(phase);
    expect(isSilent(stampOf(1000, phase), 1000 + longest)).toBe(false);
    expect(isSilent(stampOf(1000, phase), 1000 + longest + 1)).toBe(true);
  });

  test("an open connection may be silent for as long as it likes", () => {
    expect(isSilent(stampOf(0, OPEN), 1_000_000)).toBe(false);
  });
});
