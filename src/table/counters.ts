/**
 * Counters that one thread counts and others read, exact up to 2^53. Each is two int32 words, because V8 allocates for a
 * float or a bigint that passes through memory, and never for an int32:
 *
 *     | low, high | low, high | ...
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

  add(index: number): void {
    const words = this.#words;
    const low = (words[index * 2]! + 1) | 0;
    // The high word first: a reader that meets the carry half done sees a step ahead, and reads again.
    if (low === 0) words[index * 2 + 1]!++;
    words[index * 2] = low;
  }

  get(index: number): number {
    for (;;) {
      const high = Atomics.load(this.#words, index * 2 + 1);
      const low = Atomics.load(this.#words, index * 2);
      if (Atomics.load(this.#words, index * 2 + 1) === high) return high * 2 ** 32 + (low >>> 0);
    }
  }
}
