/**
 * The last frames that a worker dropped, the beginning of each: one writer, which never waits, and a reader that looks whenever it likes.
 * The newest takes the place of the oldest.
 *
 *     words     HEAD                                       how many were ever written (int32, it wraps)
 *     entries   verdict, time, length, octets ...          one after another
 *
 * What the reader copies may be overwritten meanwhile. So it looks at HEAD once more behind, and leaves out what that may have hit.
 */

const HEAD = 0;
const WORDS = 1;

const VERDICT = 0;
const TIME = 1;
const LENGTH = 2;
const META = 3;

/** So many are asked for; one more place is being written, and the number is a power of two. */
export const KEPT = 1000;
const CAPACITY = 1024;

/** Enough for a virtio header and all headers up to TCP's options. */
const KEPT_OCTETS = 160;
const ENTRY = META + KEPT_OCTETS / 4;

export interface Dropped {
  readonly verdict: number;
  /** By the worker's clock, as int32. */
  readonly timeMs: number;
  /** That it had, with its virtio header if it has one. */
  readonly length: number;
  /** The first of them, a copy. */
  readonly octets: Uint8Array<ArrayBuffer>;
}

export class DroppedRing {
  readonly #words: Int32Array;
  readonly #entries: Int32Array;

  static byteLength(): number {
    return 4 * (WORDS + CAPACITY * ENTRY);
  }

  /** `at` is a multiple of four. */
  constructor(memory: SharedArrayBuffer, at: number) {
    this.#words = new Int32Array(memory, at, WORDS);
    this.#entries = new Int32Array(memory, at + 4 * WORDS, CAPACITY * ENTRY);
  }

  /** The writer's side: a frame of `length` octets, which stands in `words`. */
  push(verdict: number, timeMs: number, words: Int32Array, length: number): void {
    const entries = this.#entries;
    const head = Atomics.load(this.#words, HEAD);
    const entry = (head & (CAPACITY - 1)) * ENTRY;
    entries[entry + VERDICT] = verdict;
    entries[entry + TIME] = timeMs;
    entries[entry + LENGTH] = length;
    const kept = length < KEPT_OCTETS ? length : KEPT_OCTETS;
    // Word by word, because cutting the frame out of its slot would allocate.
    for (let word = 0; word * 4 < kept; word++) entries[entry + META + word] = words[word]!;
    Atomics.store(this.#words, HEAD, (head + 1) | 0);
  }

  /** The reader's side: the oldest first. */
  list(): Dropped[] {
    const before = Atomics.load(this.#words, HEAD);
    const entries = this.#entries.slice();
    const behind = Atomics.load(this.#words, HEAD);
    const dropped: Dropped[] = [];
    for (let back = KEPT; back >= 1; back--) {
      const number = (before - back) | 0;
      // Of so many that were written meanwhile, the last one perhaps only by half.
      const isHit = ((behind - number) | 0) >= CAPACITY;
      const entry = (number & (CAPACITY - 1)) * ENTRY;
      const length = entries[entry + LENGTH]!;
      // Before the first 1,000 there is nothing in its place, and no frame without an octet was ever dropped.
      if (isHit || length === 0) continue;
      const octets = new Uint8Array(Math.min(length, KEPT_OCTETS));
      octets.set(new Uint8Array(entries.buffer, (entry + META) * 4, octets.length));
      dropped.push({ verdict: entries[entry + VERDICT]!, timeMs: entries[entry + TIME]!, length, octets });
    }
    return dropped;
  }
}
