/**
 * What the main thread and the data-plane workers share: one SharedArrayBuffer.
 *
 *     words       EPOCH, STOP
 *     tables      two forwarding tables; the epoch's lowest bit says which one   main writes the other one
 *     worker 0    its part: what it has taken, its counters, its ring            worker_state.ts
 *     worker 1    ...
 *
 * A change is whole or not there: main fills the table that is not in use, then moves the epoch on. Each worker looks at the
 * epoch once a burst and says which one it has taken; only when all have left the old table is it main's to write in again.
 */

import { ForwardingTable } from "../table/forwarding_table.ts";
import { NAMES } from "../path/verdict.ts";
import { WorkerState } from "./worker_state.ts";

const EPOCH = 0;
const STOP = 1;
const WORDS = 4;

/** What the sizes depend on. */
export interface Dimensions {
  /** Over all clusters. */
  readonly buckets: number;
  readonly neighbors: number;
  /** Octets of a frame's slot, a multiple of four. */
  readonly slotSize: number;
  /** Default 1. */
  readonly workers?: number;
}

export class SharedState {
  readonly memory: SharedArrayBuffer;
  readonly dimensions: Dimensions;
  readonly workers: readonly WorkerState[];
  readonly #words: Int32Array;
  readonly #tables: readonly [ForwardingTable, ForwardingTable];

  /** New memory, or a view on the other thread's. */
  constructor(dimensions: Dimensions, memory?: SharedArrayBuffer) {
    const { buckets, neighbors, workers = 1 } = dimensions;
    const tableSize = ForwardingTable.byteLength(buckets, neighbors);
    const workerSize = WorkerState.byteLength(dimensions);
    const firstTable = WORDS * 4;
    const firstWorker = firstTable + 2 * tableSize;
    this.dimensions = dimensions;
    this.memory = memory ?? new SharedArrayBuffer(firstWorker + workers * workerSize);
    this.#words = new Int32Array(this.memory, 0, WORDS);
    this.#tables = [
      new ForwardingTable(this.memory, firstTable, buckets, neighbors),
      new ForwardingTable(this.memory, firstTable + tableSize, buckets, neighbors),
    ];
    this.workers = Array.from(
      { length: workers },
      (_, index) => new WorkerState(this, this.memory, firstWorker + index * workerSize),
    );
  }

  get epoch(): number {
    return Atomics.load(this.#words, EPOCH);
  }

  /** The table that an epoch uses. */
  table(epoch: number): ForwardingTable {
    return this.#tables[epoch & 1]!;
  }

  /** Main's side: resolves when all workers use the table that was last published. */
  async settled(): Promise<void> {
    for (const worker of this.workers) await worker.settled();
  }

  /** Main's side: the table that nobody reads, once the workers have left it. */
  async standby(): Promise<ForwardingTable> {
    await this.settled();
    return this.table(this.epoch + 1);
  }

  /** Main's side: the standby table becomes the one in use. The workers must be woken to see it. */
  publish(): void {
    Atomics.add(this.#words, EPOCH, 1);
  }

  stop(): void {
    Atomics.store(this.#words, STOP, 1);
  }

  get isStopping(): boolean {
    return Atomics.load(this.#words, STOP) !== 0;
  }

  /** Frames by verdict since the start, of all workers; the order is path/verdict.ts. */
  verdicts(): number[] {
    return NAMES.map((_, index) => this.workers.reduce((sum, { verdicts }) => sum + verdicts.get(index), 0));
  }

  /** Frames dispatched to a neighbor slot since the start, by all workers. */
  dispatched(slot: number): number {
    return this.workers.reduce((sum, { dispatched }) => sum + dispatched.get(slot), 0);
  }
}
