import { expect, test } from "vitest";
import { ABSENT, AddressTable } from "../../src/table/address_table.ts";
import { Counters } from "../../src/table/counters.ts";
import { NO_BACKEND } from "../../src/table/bucket_map.ts";
import { ForwardingTable, IN_TRANSITION, NO_GROUP } from "../../src/table/forwarding_table.ts";
import { TokenBucket } from "../../src/table/token_bucket.ts";
import { Random } from "../random.ts";

test("AddressTable agrees with a Map", () => {
  const random = new Random(3);
  for (const size of [0, 1, 2, 7, 100, 1000]) {
    const oracle = new Map(Array.from({ length: size }, (_, index) => [random.int32(), index] as const));
    const table = new AddressTable([...oracle]);
    for (const [address, value] of oracle) expect(table.lookup(address)).toBe(value);
    for (let round = 0; round < 1000; round++) {
      const address = random.int32();
      expect(table.lookup(address)).toBe(oracle.get(address) ?? ABSENT);
    }
  }
});

/** The words of one counter, and what it says. A test stands where a reader would between two writes. */
function counterAt(low: number, high: number) {
  const words = new Int32Array(new SharedArrayBuffer(Counters.byteLength(2)));
  const counters = new Counters(words.buffer, 0, 2);
  words.set([low, high], 2);
  return { words, add: () => counters.add(1), get: () => counters.get(1), other: () => counters.get(0) };
}

test("Counters carry into the high word", () => {
  for (
    const [low, high, count] of [[0x7ffffffe, 0, 2 ** 31 - 2], [-2, 1, 2 ** 32 - 2], [
      -2,
      5,
      3 * 2 ** 32 - 2,
    ]] as const
  ) {
    const counter = counterAt(low, high);
    for (let more = 0; more < 4; more++) {
      expect(counter.get()).toBe(count + more);
      counter.add();
    }
    expect(counter.other()).toBe(0);
  }
});

test("Counters carry whatever is counted at once", () => {
  const { words } = counterAt(0, 0);
  const counters = new Counters(words.buffer, 0, 2);
  for (let times = 1; times <= 200_000; times++) {
    counters.add(1, 65_535);
    if (counters.get(1) !== times * 65_535) expect(counters.get(1)).toBe(times * 65_535);
  }
  expect([counters.get(0), counters.get(1)]).toEqual([0, 200_000 * 65_535]);
});

test("Counters are right for a reader who comes while one is carried", () => {
  for (const [low, high] of [[0x7fffffff, 0], [-1, 1]] as const) {
    const after = counterAt(low, high);
    const before = after.get();
    after.add();
    const [newLow, newHigh] = after.words.slice(2) as unknown as [number, number];
    expect(newHigh).toBe(high + 1);
    expect(counterAt(low, newHigh).get(), "high word written, low word not yet").toBe(before);
    expect(counterAt(newLow, newHigh).get(), "both written").toBe(before + 1);
  }
});

test("ForwardingTable keeps owners, groups and MACs apart, at any size", () => {
  for (const [clusters, buckets, neighbors] of [[1, 2, 1], [2, 4, 3], [3, 4096, 5]] as const) {
    const size = { clusters, buckets, neighbors };
    expect(ForwardingTable.byteLength(size) % 4).toBe(0);
    const table = ForwardingTable.ofSize(size);
    table.setOwners(0, new Uint16Array(buckets).fill(0x7ffe));
    expect(table.group(clusters - 1), "none in fresh memory").toBe(NO_GROUP);
    table.setGroup(clusters - 1, 0);
    expect(table.group(clusters - 1)).toBe(0);
    expect(table.isResolved(neighbors - 1)).toBe(false);
    table.setMac(neighbors - 1, 0x0200, -1);
    expect(table.isResolved(neighbors - 1)).toBe(true);
    expect([table.macHigh(neighbors - 1), table.macLow(neighbors - 1)]).toEqual([0x0200, -1]);
    expect(table.owner(buckets - 1)).toBe(0x7ffe);
    table.setGroup(clusters - 1, NO_GROUP);
    expect(table.group(clusters - 1)).toBe(NO_GROUP);
    expect(table.owner(buckets - 1)).toBe(0x7ffe);
    table.clearMac(neighbors - 1);
    expect(table.isResolved(neighbors - 1)).toBe(false);
  }
});

test("ForwardingTable: a bucket in transition has an owner and an old owner, each a neighbor or nobody", () => {
  const table = ForwardingTable.ofSize({ clusters: 1, buckets: 4, neighbors: 8 });
  table.setOwners(0, Uint16Array.of(7, 5, NO_BACKEND, NO_BACKEND));
  expect(table.soleOwner(0)).toBe(7);
  expect(table.soleOwner(2)).toBeGreaterThanOrEqual(IN_TRANSITION);
  expect([table.owner(2), table.oldOwner(2)]).toEqual([NO_BACKEND, NO_BACKEND]);
  table.setOldOwner(0, 3);
  table.setOldOwner(1, NO_BACKEND);
  table.setOldOwner(2, 6);
  for (const bucket of [0, 1, 2]) expect(table.soleOwner(bucket)).toBeGreaterThanOrEqual(IN_TRANSITION);
  expect([0, 1, 2].map((bucket) => table.owner(bucket))).toEqual([7, 5, NO_BACKEND]);
  expect([0, 1, 2].map((bucket) => table.oldOwner(bucket))).toEqual([3, NO_BACKEND, 6]);
  table.setOwners(0, Uint16Array.of(7, 5, 6, 6));
  expect([0, 1, 2, 3].map((bucket) => table.soleOwner(bucket))).toEqual([7, 5, 6, 6]);
});

test("TokenBucket gives its burst at once and then its rate", () => {
  const bucket = new TokenBucket(100, 5);
  const taken = (nowMs: number) => {
    let count = 0;
    while (bucket.take(nowMs)) count++;
    return count;
  };
  expect(taken(1000)).toBe(5);
  expect(taken(1000)).toBe(0);
  expect(taken(1009)).toBe(0);
  expect(taken(1010)).toBe(1);
  expect(taken(1040)).toBe(3);
  expect(taken(60_000)).toBe(5);
});

test("TokenBucket with a rate of 0 gives none, with a high one its burst", () => {
  const none = new TokenBucket(0, 50);
  expect([none.take(0), none.take(60_000)]).toEqual([false, false]);
  const many = new TokenBucket(1_000_000, 50);
  for (const nowMs of [0, 3_600_000]) {
    expect(Array.from({ length: 51 }, () => many.take(nowMs)).filter(Boolean)).toHaveLength(50);
  }
});

test("TokenBucket goes on when the clock wraps", () => {
  const bucket = new TokenBucket(100, 1);
  expect(bucket.take(0x7fffffff)).toBe(true);
  expect(bucket.take(0x7fffffff)).toBe(false);
  expect(bucket.take((0x7fffffff + 10) | 0)).toBe(true);
});
