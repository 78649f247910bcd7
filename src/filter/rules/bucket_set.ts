/** A set of a cluster's buckets. It never changes: operations give new sets. Both operands must be of the same cluster. */

export class BucketSet {
  /** One octet a bucket, 1 when it is in the set. */
  readonly #in: Uint8Array;

  private constructor(octets: Uint8Array) {
    this.#in = octets;
  }

  /** The buckets of 0..buckets-1 that `isIn` is true of. */
  static of(buckets: number, isIn: (bucket: number) => boolean): BucketSet {
    return new BucketSet(Uint8Array.from({ length: buckets }, (_, bucket) => isIn(bucket) ? 1 : 0));
  }

  static none(buckets: number): BucketSet {
    return new BucketSet(new Uint8Array(buckets));
  }

  has(bucket: number): boolean {
    return this.#in[bucket] === 1;
  }

  get size(): number {
    return this.#in.reduce((sum, one) => sum + one, 0);
  }

  and(other: BucketSet): BucketSet {
    return new BucketSet(this.#in.map((one, bucket) => one & other.#in[bucket]!));
  }

  or(other: BucketSet): BucketSet {
    return new BucketSet(this.#in.map((one, bucket) => one | other.#in[bucket]!));
  }

  minus(other: BucketSet): BucketSet {
    return new BucketSet(this.#in.map((one, bucket) => one & ~other.#in[bucket]!));
  }

  equals(other: BucketSet): boolean {
    return this.#in.every((one, bucket) => one === other.#in[bucket]);
  }

  /** The set as intervals, as few as possible, with both ends in them: `[[0, 3], [9, 9]]`. */
  intervals(): [first: number, last: number][] {
    const found: [number, number][] = [];
    for (const [bucket, one] of this.#in.entries()) {
      const last = found.at(-1);
      if (one === 0) continue;
      if (last?.[1] === bucket - 1) last[1] = bucket;
      else found.push([bucket, bucket]);
    }
    return found;
  }

  /** Eight buckets an octet, the first in the lowest bit. */
  toOctets(): Uint8Array {
    const octets = new Uint8Array(Math.ceil(this.#in.length / 8));
    for (const [bucket, one] of this.#in.entries()) octets[bucket >>> 3]! |= one << (bucket & 7);
    return octets;
  }

  /** The set that `toOctets` wrote. Octets that are missing count as 0. */
  static fromOctets(buckets: number, octets: Uint8Array): BucketSet {
    return BucketSet.of(buckets, (bucket) => ((octets[bucket >>> 3] ?? 0) >>> (bucket & 7) & 1) === 1);
  }
}
