/** A set of a cluster's buckets. It never changes: operations give new sets. Both operands must be of the same cluster. */

/** The two forms of `toOctets`, told apart by its first octet. */
const BITS = 0;
const GAPS = 1;

export class BucketSet {
  readonly #buckets: number;
  /** One bit a bucket, the first one in the lowest bit of the first word. */
  readonly #words: Int32Array;
  #size: number | undefined;

  private constructor(buckets: number, words: Int32Array) {
    this.#buckets = buckets;
    this.#words = words;
  }

  /** The buckets of 0..buckets-1 that `isIn` is true of. */
  static of(buckets: number, isIn: (bucket: number) => boolean): BucketSet {
    const set = BucketSet.none(buckets);
    for (let bucket = 0; bucket < buckets; bucket++) if (isIn(bucket)) set.#add(bucket);
    return set;
  }

  static none(buckets: number): BucketSet {
    return new BucketSet(buckets, new Int32Array(Math.ceil(buckets / 32)));
  }

  /** The sets of all owners, of which there are `count`, from the owner of each bucket; other owners are nobody. */
  static ofOwners(owners: Uint16Array, count: number): BucketSet[] {
    const sets = Array.from({ length: count }, () => BucketSet.none(owners.length));
    for (let bucket = 0; bucket < owners.length; bucket++) {
      const set = sets[owners[bucket]!];
      if (set !== undefined) set.#add(bucket);
    }
    return sets;
  }

  has(bucket: number): boolean {
    return (this.#words[bucket >>> 5]! >>> (bucket & 31) & 1) === 1;
  }

  // Loops of their own, and not one that is told what to do with two words: an agent with 65,536 buckets goes through them hundreds of times
  // a second, and a call for each word takes several times as long.

  get size(): number {
    if (this.#size !== undefined) return this.#size;
    const mine = this.#words;
    let size = 0;
    for (let index = 0; index < mine.length; index++) if (mine[index] !== 0) size += ones(mine[index]!);
    return this.#size = size;
  }

  and(other: BucketSet): BucketSet {
    const mine = this.#words, others = other.#words, words = new Int32Array(mine.length);
    for (let index = 0; index < words.length; index++) words[index] = mine[index]! & others[index]!;
    return new BucketSet(this.#buckets, words);
  }

  or(other: BucketSet): BucketSet {
    const mine = this.#words, others = other.#words, words = new Int32Array(mine.length);
    for (let index = 0; index < words.length; index++) words[index] = mine[index]! | others[index]!;
    return new BucketSet(this.#buckets, words);
  }

  minus(other: BucketSet): BucketSet {
    const mine = this.#words, others = other.#words, words = new Int32Array(mine.length);
    for (let index = 0; index < words.length; index++) words[index] = mine[index]! & ~others[index]!;
    return new BucketSet(this.#buckets, words);
  }

  /** Has it a bucket in common with the other? */
  meets(other: BucketSet): boolean {
    const mine = this.#words, others = other.#words;
    for (let index = 0; index < mine.length; index++) if ((mine[index]! & others[index]!) !== 0) return true;
    return false;
  }

  equals(other: BucketSet): boolean {
    if (this === other) return true;
    const mine = this.#words, others = other.#words;
    for (let index = 0; index < mine.length; index++) if (mine[index] !== others[index]) return false;
    return true;
  }

  /** The set as intervals, as few as possible, with both ends in them: `[[0, 3], [9, 9]]`. */
  intervals(): [first: number, last: number][] {
    const found: [number, number][] = [];
    for (let bucket = 0; bucket < this.#buckets; bucket++) {
      if (!this.has(bucket)) continue;
      const last = found.at(-1);
      if (last?.[1] === bucket - 1) last[1] = bucket;
      else found.push([bucket, bucket]);
    }
    return found;
  }

  /**
   * The shorter of two forms:
   *
   *     0 | eight buckets an octet, the first in the lowest bit
   *     1 | for each bucket how many are left out before it, seven bits an octet, the lowest first; bit 7 says that more follow
   */
  toOctets(): Uint8Array {
    const gaps = [GAPS];
    const bits = new Uint8Array(1 + Math.ceil(this.#buckets / 8));
    let next = 0;
    for (let bucket = 0; bucket < this.#buckets; bucket++) {
      if (!this.has(bucket)) continue;
      bits[1 + (bucket >>> 3)]! |= 1 << (bucket & 7);
      let gap = bucket - next;
      for (; gap > 127; gap >>>= 7) gaps.push(gap & 127 | 128);
      gaps.push(gap);
      next = bucket + 1;
    }
    return gaps.length < bits.length ? Uint8Array.from(gaps) : bits;
  }

  /** The set that `toOctets` wrote. Octets that are missing stand for nothing, and so do buckets that there are not. */
  static fromOctets(buckets: number, octets: Uint8Array): BucketSet {
    if (octets[0] !== GAPS) {
      const isIn = (bucket: number) => (octets[1 + (bucket >>> 3)] ?? 0) >>> (bucket & 7) & 1;
      return BucketSet.of(buckets, (bucket) => octets[0] === BITS && isIn(bucket) === 1);
    }
    const set = BucketSet.none(buckets);
    let bucket = 0;
    let shift = 0;
    for (let at = 1; at < octets.length && shift < 28; at++) {
      bucket += (octets[at]! & 127) << shift;
      shift += 7;
      if (octets[at]! > 127) continue;
      if (bucket >= buckets) break;
      set.#add(bucket++);
      shift = 0;
    }
    return set;
  }

  /** Only while a set is made. */
  #add(bucket: number): void {
    this.#words[bucket >>> 5]! |= 1 << (bucket & 31);
  }
}

/** How many bits of a word are 1. */
function ones(word: number): number {
  const pairs = word - (word >>> 1 & 0x55555555);
  const fours = (pairs & 0x33333333) + (pairs >>> 2 & 0x33333333);
  return Math.imul(fours + (fours >>> 4) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
