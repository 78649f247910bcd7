/**
 * Two forwarding tables behind an epoch, in memory that threads share:
 *
 *     EPOCH     a word; its lowest bit says which table is in use
 *     table 0   in use at even epochs          main writes the one that is not in use
 *     table 1   in use at odd epochs
 */

import { ForwardingTable } from "../table/forwarding_table.ts";
import type { Dimensions } from "./dimensions.ts";

const EPOCH = 0;
const WORDS = 1;

export class Tables {
  readonly #words: Int32Array;
  readonly #tables: readonly [ForwardingTable, ForwardingTable];

  static byteLength(size: Dimensions): number {
    return WORDS * 4 + 2 * ForwardingTable.byteLength(size);
  }

  /** `at` is a multiple of four. */
  constructor(memory: SharedArrayBuffer, at: number, size: Dimensions) {
    const first = at + WORDS * 4;
    const second = first + ForwardingTable.byteLength(size);
    this.#words = new Int32Array(memory, at, WORDS);
    this.#tables = [
      new ForwardingTable(memory, first, size),
      new ForwardingTable(memory, second, size),
    ];
  }

  /** Grows by one with each change. */
  get epoch(): number {
    return Atomics.load(this.#words, EPOCH);
  }

  /** The table that an epoch uses. */
  at(epoch: number): ForwardingTable {
    return this.#tables[epoch & 1]!;
  }

  /** The table of the next epoch becomes the one in use. */
  publish(): void {
    Atomics.add(this.#words, EPOCH, 1);
  }
}
