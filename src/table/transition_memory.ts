/**
 * What threads share of the transitions, besides the forwarding table: the time, when each bucket was last of use to a transition,
 * and the connections that are remembered, by cluster.
 *
 *     words          TICK                                               the main thread moves it on
 *     began          a tick by bucket of all clusters                   the main thread writes it
 *     strayed        a tick by bucket of all clusters                   whoever passes a frame to another than the owner
 *     connections    of cluster 0 | of cluster 1 | ...                  connections.ts
 *
 * A tick is a second or more, and none passes while nothing is in transition.
 */

import { Connections } from "./connections.ts";

const TICK = 0;
/** A cache line of 64 octets. */
const LINE = 64;

/** How much it holds. */
export interface TransitionSize {
  /** Over all clusters. */
  readonly buckets: number;
  /** By cluster: the connections that there is room for. */
  readonly connections: readonly number[];
}

export class TransitionMemory {
  /** By cluster. */
  readonly connections: readonly Connections[];
  readonly #words: Int32Array;
  readonly #began: Int32Array;
  readonly #strayed: Int32Array;

  static byteLength({ buckets, connections }: TransitionSize): number {
    return LINE + 2 * linesFor(buckets * 4) +
      connections.reduce((sum, count) => sum + linesFor(Connections.byteLength(count)), 0);
  }

  /** In memory of its own. */
  static ofSize(size: TransitionSize): TransitionMemory {
    return new TransitionMemory(new SharedArrayBuffer(TransitionMemory.byteLength(size)), 0, size);
  }

  /** `at` is a multiple of 64. */
  constructor(memory: ArrayBufferLike, at: number, { buckets, connections }: TransitionSize) {
    this.#words = new Int32Array(memory, at, 1);
    this.#began = new Int32Array(memory, at + LINE, buckets);
    this.#strayed = new Int32Array(memory, at + LINE + linesFor(buckets * 4), buckets);
    let next = at + LINE + 2 * linesFor(buckets * 4);
    this.connections = connections.map((count) => {
      const begin = next;
      next += linesFor(Connections.byteLength(count));
      return new Connections(memory, begin, count);
    });
  }

  get tick(): number {
    return Atomics.load(this.#words, TICK);
  }

  /** Main's side: a second has passed. */
  pass(): void {
    Atomics.add(this.#words, TICK, 1);
  }

  /** Main's side: the time goes on from another one's tick. */
  adoptTick(tick: number): void {
    Atomics.store(this.#words, TICK, tick);
  }

  /** Main's side: of so many buckets from `first` on, when each one's transition began. */
  began(first: number, count: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.#began.subarray(first, first + count));
  }

  /** Main's side: another one's, for its buckets are those from `first` on. */
  adoptBegan(first: number, began: Int32Array): void {
    this.#began.set(began, first);
  }

  /** Main's side: of so many buckets from `first` on, when a frame last went to another than the owner. Workers may write meanwhile. */
  strayedOf(first: number, count: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.#strayed.subarray(first, first + count));
  }

  /** Main's side: another one's, for its buckets are those from `first` on. Workers may write meanwhile. */
  adoptStrayed(first: number, strayed: Int32Array): void {
    for (const [bucket, tick] of strayed.entries()) {
      if (tick > this.#strayed[first + bucket]!) this.strayed(first + bucket, tick);
    }
  }

  /** Main's side: of so many buckets from `first` on. No worker writes meanwhile. */
  forgetStrayed(first: number, count: number): void {
    this.#strayed.fill(0, first, first + count);
  }

  /** Main's side: a bucket moves that was not in transition. Then comes `move`. */
  begin(bucket: number): void {
    this.#began[bucket] = this.tick;
  }

  /** Main's side: a bucket moves. */
  move(bucket: number): void {
    this.strayed(bucket, this.tick);
  }

  /** How many ticks ago its transition began. */
  age(bucket: number): number {
    return this.tick - this.#began[bucket]!;
  }

  /** A frame of the bucket has gone to another than its owner. */
  strayed(bucket: number, tick: number): void {
    if (this.#strayed[bucket] !== tick) this.#strayed[bucket] = tick;
  }

  /** How many ticks ago that was last so. */
  quiet(bucket: number): number {
    return this.tick - this.#strayed[bucket]!;
  }
}

function linesFor(octets: number): number {
  return Math.ceil(octets / LINE) * LINE;
}
