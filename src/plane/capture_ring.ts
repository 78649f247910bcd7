/**
 * The ring by which a worker passes captured frames on: one writer, one reader, in shared memory. Neither ever waits for the other; what
 * finds no room is lost, and counted. A frame takes as much room as its octets need.
 *
 *     words     HEAD, TAIL, LOST                       words that were ever written, and read; frames lost (int32, they wrap)
 *     entries   | size, what is known of it, octets ... | size, ... |        in a circle
 */

const HEAD = 0;
const TAIL = 1;
const LOST = 2;
const WORDS = 16;

/** Words, a power of two: 4 MiB, some 30,000 of the shortest frames, or 2,700 of 1514 octets. */
const CAPACITY = 2 ** 20;
const MASK = CAPACITY - 1;

// An entry.
const SIZE = 0;
const NUMBER = 1;
const TIME = 2;
const VERDICT = 3;
const IS_SENT = 4;
const LENGTH = 5;
const KEPT = 6;
const CLUSTER = 7;
const BUCKET = 8;
const BACKEND = 9;
const IS_IPV6 = 10;
const CLIENT = 11;
const META = 15;

/** In place of a cluster, a bucket and a backend. */
export const NONE = -1;

/** What is known of a frame. The writer has one, and fills it anew for each. */
export class Captured {
  /** Of the capture (capture_filter.ts). */
  number = 0;
  /** Microseconds by the worker's clock, as int32. */
  time = 0;
  verdict = 0;
  /** As it was sent, not as it was read. */
  isSent = false;
  /** Octets that it has, with its virtio header if it has one, and how many of them were captured. */
  length = 0;
  kept = 0;
  /** NONE when it is for no cluster; then there is no client either. */
  cluster = NONE;
  /** Counted over all clusters. */
  bucket = NONE;
  /** Its neighbor; NONE when nobody owns the bucket. */
  backend = NONE;
  isIpv6 = false;
  /** The client's address; of IPv4 the first word. */
  readonly client: Int32Array = new Int32Array(4);
}

export class CaptureRing {
  readonly #words: Int32Array;
  readonly #entries: Int32Array;

  static byteLength(): number {
    return 4 * (WORDS + CAPACITY);
  }

  /** `at` is a multiple of four. */
  constructor(memory: SharedArrayBuffer, at: number) {
    this.#words = new Int32Array(memory, at, WORDS);
    this.#entries = new Int32Array(memory, at + 4 * WORDS, CAPACITY);
  }

  /**
   * The writer's side: puts the first `kept` octets of `words` where `push` wants them. As long as nothing is pushed the reader sees nothing
   * of it, and the next ones take its place. False when there is no room.
   */
  stage(words: Int32Array, kept: number): boolean {
    const head = Atomics.load(this.#words, HEAD);
    const used = (head - Atomics.load(this.#words, TAIL)) | 0;
    if (used + META + ((kept + 3) >> 2) > CAPACITY) return false;
    const to = (head & MASK) + META;
    for (let word = 0; word * 4 < kept; word++) this.#entries[(to + word) & MASK] = words[word]!;
    return true;
  }

  /** The writer's side: the frame that was staged. */
  push(captured: Captured): void {
    const head = Atomics.load(this.#words, HEAD);
    const at = head & MASK;
    const size = META + ((captured.kept + 3) >> 2);
    this.#put(at + SIZE, size);
    this.#put(at + NUMBER, captured.number);
    this.#put(at + TIME, captured.time);
    this.#put(at + VERDICT, captured.verdict);
    this.#put(at + IS_SENT, captured.isSent ? 1 : 0);
    this.#put(at + LENGTH, captured.length);
    this.#put(at + KEPT, captured.kept);
    this.#put(at + CLUSTER, captured.cluster);
    this.#put(at + BUCKET, captured.bucket);
    this.#put(at + BACKEND, captured.backend);
    this.#put(at + IS_IPV6, captured.isIpv6 ? 1 : 0);
    for (let word = 0; word < 4; word++) this.#put(at + CLIENT + word, captured.client[word]!);
    Atomics.store(this.#words, HEAD, (head + size) | 0);
  }

  /** The writer's side: a frame found no room. */
  lose(): void {
    Atomics.store(this.#words, LOST, (this.#words[LOST]! + 1) | 0);
  }

  /** The reader's side: frames lost so far, as int32. */
  get lost(): number {
    return Atomics.load(this.#words, LOST);
  }

  /** The reader's side: takes the oldest frame, and fills `captured` with what is known of it. Its octets; undefined when there is none. */
  shift(captured: Captured): Uint8Array<ArrayBuffer> | undefined {
    const tail = Atomics.load(this.#words, TAIL);
    if (tail === Atomics.load(this.#words, HEAD)) return undefined;
    const at = tail & MASK;
    captured.number = this.#get(at + NUMBER);
    captured.time = this.#get(at + TIME);
    captured.verdict = this.#get(at + VERDICT);
    captured.isSent = this.#get(at + IS_SENT) === 1;
    captured.length = this.#get(at + LENGTH);
    captured.kept = this.#get(at + KEPT);
    captured.cluster = this.#get(at + CLUSTER);
    captured.bucket = this.#get(at + BUCKET);
    captured.backend = this.#get(at + BACKEND);
    captured.isIpv6 = this.#get(at + IS_IPV6) === 1;
    for (let word = 0; word < 4; word++) captured.client[word] = this.#get(at + CLIENT + word);
    const octets = this.#octets((at + META) & MASK, captured.kept);
    Atomics.store(this.#words, TAIL, (tail + this.#get(at + SIZE)) | 0);
    return octets;
  }

  /** A copy, which may stand partly at the end and partly at the beginning of the circle. */
  #octets(at: number, count: number): Uint8Array<ArrayBuffer> {
    const octets = new Uint8Array(count);
    const { buffer, byteOffset } = this.#entries;
    const first = Math.min(count, (CAPACITY - at) * 4);
    octets.set(new Uint8Array(buffer, byteOffset + at * 4, first));
    octets.set(new Uint8Array(buffer, byteOffset, count - first), first);
    return octets;
  }

  #put(at: number, value: number): void {
    this.#entries[at & MASK] = value;
  }

  #get(at: number): number {
    return this.#entries[at & MASK]!;
  }
}
