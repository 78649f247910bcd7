/**
 * Counters that one thread counts and others read, exact up to 2^53. Each is two int32 words, because V8 allocates for a
 * float or a bigint that passes through memory, and never for an int32:
 *
 *     | low, high | low, high | ...       count = high * 2^31 + the lower 31 bits of low
 *
 * The highest bit of the low word is the lowest of the high one, too. So a reader sees when a carry is half done.
 */
export class Counters {
  readonly #words: Int32Array;

  static byteLength(count: number): number {
    return count * 8;
  }

  /** `at` is a multiple of four. */
  constructor(memory: ArrayBufferLike, at: number, count: number) {
    this.#words = new Int32Array(memory, at, count * 2);
  }

  /** `count` is less than 2^31. */
  add(index: number, count = 1): void {
    const words = this.#words;
    const before = words[index * 2]!;
    const low = (before + count) | 0;
    // The high word first: then it is what may be one ahead.
    if ((low ^ before) < 0) Atomics.add(words, index * 2 + 1, 1);
    words[index * 2] = low;
  }

  get(index: number): number {
    const low = Atomics.load(this.#words, index * 2);
    const high = Atomics.load(this.#words, index * 2 + 1);
    const ahead = ((low >>> 31) ^ high) & 1;
    return (high - ahead) * 2 ** 31 + (low & LOW_BITS);
  }
}

const LOW_BITS = 0x7fffffff;
