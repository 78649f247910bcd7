import fc from "fast-check";
import { expect, test } from "vitest";
import { BucketSet } from "../../../src/filter/rules/bucket_set.ts";

const BUCKETS = 256;
const some = fc.uniqueArray(fc.nat(BUCKETS - 1));
const setOf = (buckets: readonly number[]) => BucketSet.of(BUCKETS, (bucket) => buckets.includes(bucket));
const listOf = (set: BucketSet) =>
  Array.from({ length: BUCKETS }, (_, bucket) => bucket).filter((one) => set.has(one));

test("operations do what they do to sets of numbers", () => {
  fc.assert(fc.property(some, some, (one, other) => {
    const [a, b] = [setOf(one), setOf(other)];
    const sorted = (numbers: readonly number[]) => numbers.toSorted((x, y) => x - y);
    expect(listOf(a.and(b))).toEqual(sorted(one.filter((bucket) => other.includes(bucket))));
    expect(listOf(a.or(b))).toEqual(sorted([...new Set([...one, ...other])]));
    expect(listOf(a.minus(b))).toEqual(sorted(one.filter((bucket) => !other.includes(bucket))));
    expect(a.size).toBe(one.length);
    expect(a.equals(b)).toBe(sorted(one).join() === sorted(other).join());
    const within = a.intervals().flatMap(([first, last]) =>
      listOf(BucketSet.of(BUCKETS, (bucket) => first <= bucket && bucket <= last))
    );
    expect(within).toEqual(listOf(a));
  }));
});

test("octets bring the same set back, in the shorter of two forms, and any octets bring one", () => {
  fc.assert(fc.property(some, (buckets) => {
    const octets = setOf(buckets).toOctets();
    expect(BucketSet.fromOctets(BUCKETS, octets).equals(setOf(buckets))).toBe(true);
    expect(octets.length).toBeLessThanOrEqual(1 + BUCKETS / 8);
  }));
  expect(BucketSet.of(65_536, (bucket) => bucket % 1000 === 0).toOctets().length).toBe(1 + 1 + 65 * 2);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (octets) => {
    expect(BucketSet.fromOctets(BUCKETS, octets).size).toBeLessThanOrEqual(BUCKETS);
  }));
});

test("each owner's set, from the owner of each bucket", () => {
  const sets = BucketSet.ofOwners(Uint16Array.of(0, 2, 0, 0xffff), 3);
  expect(sets.map((set) => set.intervals())).toEqual([[[0, 0], [2, 2]], [], [[1, 1]]]);
});
