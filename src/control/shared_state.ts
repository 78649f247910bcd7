/**
 * What the main thread and the data-plane worker share: one SharedArrayBuffer.
 *
 *     words       EPOCH, TAKEN, STOP
 *     counters    frames by verdict, frames dispatched by neighbor slot          the worker counts
 *     tables      two forwarding tables; the epoch's lowest bit says which one   main writes the other one
 *     ring        frames for the control plane                                   the worker pushes
 *
 * A change is whole or not there: main fills the table that is not in use, then moves the epoch on. The worker looks at the
 * epoch once a burst and says which one it has TAKEN; only then is the old table main's to write in again.
 */

import { Counters } from "../table/counters.ts";
import { ForwardingTable } from "../table/forwarding_table.ts";
import { NAMES } from "../path/verdict.ts";
import { Ring } from "./ring.ts";

const EPOCH = 0;
const TAKEN = 1;
const STOP = 2;
const WORDS = 4;

/** What the sizes depend on. */
export interface Dimensions {
  /** Over all clusters. */
  readonly buckets: number;
  readonly neighbors: number;
  /** Octets of a frame's slot, a multiple of four. */
  readonly slotSize: number;
}

export class SharedState {
  readonly memory: SharedArrayBuffer;
  readonly dimensions: Dimensions;
  readonly verdicts: Counters;
  readonly dispatched: Counters;
  readonly ring: Ring;
  readonly #words: Int32Array;
  readonly #tables: readonly [ForwardingTable, ForwardingTable];

  /** New memory, or a view on the other thread's. */
  constructor(dimensions: Dimensions, memory?: SharedArrayBuffer) {
    const { buckets, neighbors, slotSize } = dimensions;
    const sizes = [
      WORDS * 4,
      Counters.byteLength(NAMES.length),
      Counters.byteLength(neighbors),
      ForwardingTable.byteLength(buckets, neighbors),
      ForwardingTable.byteLength(buckets, neighbors),
      Ring.byteLength(slotSize),
    ];
    let end = 0;
    const [words, verdicts, dispatched, even, odd, ring] = sizes.map((size) => (end += size) - size) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    this.dimensions = dimensions;
    this.memory = memory ?? new SharedArrayBuffer(end);
    this.#words = new Int32Array(this.memory, words, WORDS);
    this.verdicts = new Counters(this.memory, verdicts, NAMES.length);
    this.dispatched = new Counters(this.memory, dispatched, neighbors);
    this.#tables = [
      new ForwardingTable(this.memory, even, buckets, neighbors),
      new ForwardingTable(this.memory, odd, buckets, neighbors),
    ];
    this.ring = new Ring(this.memory, ring, slotSize);
  }

  get epoch(): number {
    return Atomics.load(this.#words, EPOCH);
  }

  /** Main's side: resolves when the worker uses the table that was last published. */
  async settled(): Promise<void> {
    for (;;) {
      const taken = Atomics.load(this.#words, TAKEN);
      if (taken === this.epoch) return;
      const waiting = Atomics.waitAsync(this.#words, TAKEN, taken);
      if (waiting.async) await waiting.value;
    }
  }

  /** Main's side: the table that nobody reads, once the worker has left it. */
  async standby(): Promise<ForwardingTable> {
    await this.settled();
    return this.#tables[(this.epoch + 1) & 1]!;
  }

  /** Main's side: the standby table becomes the one in use. The worker must be woken to see it. */
  publish(): void {
    Atomics.add(this.#words, EPOCH, 1);
  }

  /** The worker's side: the table to use from here on. */
  take(): ForwardingTable {
    const epoch = Atomics.load(this.#words, EPOCH);
    if (epoch !== this.#words[TAKEN]) {
      Atomics.store(this.#words, TAKEN, epoch);
      Atomics.notify(this.#words, TAKEN);
    }
    return this.#tables[epoch & 1]!;
  }

  stop(): void {
    Atomics.store(this.#words, STOP, 1);
  }

  get isStopping(): boolean {
    return Atomics.load(this.#words, STOP) !== 0;
  }
}
