/**
 * The ring by which the data-plane worker hands frames up: one writer, one reader, in shared memory. Neither ever waits
 * for the other; when the ring is full the writer is told so.
 *
 *     words    HEAD, TAIL           how many were ever written, how many were ever read (int32, they wrap)
 *     meta     verdict, neighbor, length, one entry after another
 *     frames   one slot's room for each entry
 */

const HEAD = 0;
const TAIL = 1;
const WORDS = 2;

const META = 3;

/** A frame that was handed up, with its virtio header if it has one. `frame` is a copy, the receiver's to keep. */
export interface Handed {
  readonly verdict: number;
  /** The next hop's neighbor, for a verdict that has one. */
  readonly neighbor: number;
  readonly frame: Uint8Array<ArrayBuffer>;
}

export class Ring {
  readonly #words: Int32Array;
  readonly #meta: Int32Array;
  readonly #frames: Int32Array;
  readonly #slotSize: number;
  readonly #capacity: number;

  static byteLength(slotSize: number, capacity: number): number {
    return 4 * (WORDS + capacity * META) + capacity * slotSize;
  }

  /** `at` and `slotSize` are multiples of four, `capacity`, in entries, is a power of two. */
  constructor(memory: SharedArrayBuffer, at: number, slotSize: number, capacity: number) {
    this.#words = new Int32Array(memory, at, WORDS);
    this.#meta = new Int32Array(memory, at + 4 * WORDS, capacity * META);
    this.#frames = new Int32Array(memory, at + 4 * (WORDS + capacity * META), capacity * slotSize / 4);
    this.#slotSize = slotSize;
    this.#capacity = capacity;
  }

  /** The writer's side: the first `length` octets of `words`. False when the ring is full. */
  push(verdict: number, neighbor: number, words: Int32Array, length: number): boolean {
    const head = Atomics.load(this.#words, HEAD);
    if (((head - Atomics.load(this.#words, TAIL)) | 0) >= this.#capacity) return false;
    const entry = head & (this.#capacity - 1);
    this.#meta[entry * META] = verdict;
    this.#meta[entry * META + 1] = neighbor;
    this.#meta[entry * META + 2] = length;
    // Word by word, because cutting the frame out of its slot would allocate.
    const to = entry * this.#slotSize / 4;
    for (let word = 0; word * 4 < length; word++) this.#frames[to + word] = words[word]!;
    Atomics.store(this.#words, HEAD, (head + 1) | 0);
    return true;
  }

  /** The reader's side: how many frames wait. */
  get waiting(): number {
    return (Atomics.load(this.#words, HEAD) - Atomics.load(this.#words, TAIL)) | 0;
  }

  /** The reader's side: takes the oldest frame; undefined when the ring is empty. */
  shift(): Handed | undefined {
    const tail = Atomics.load(this.#words, TAIL);
    if (tail === Atomics.load(this.#words, HEAD)) return undefined;
    const entry = tail & (this.#capacity - 1);
    const at = this.#frames.byteOffset + entry * this.#slotSize;
    const length = this.#meta[entry * META + 2]!;
    const frame = new Uint8Array(length);
    frame.set(new Uint8Array(this.#frames.buffer, at, length));
    const handed: Handed = {
      verdict: this.#meta[entry * META]!,
      neighbor: this.#meta[entry * META + 1]!,
      frame,
    };
    Atomics.store(this.#words, TAIL, (tail + 1) | 0);
    return handed;
  }
}
