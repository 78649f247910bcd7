/** Brings a new forwarding table to the data plane, whole or not at all (shared_state.ts says how). */

import type { ForwardingTable } from "../table/forwarding_table.ts";
import type { SharedState } from "./shared_state.ts";

export class Publisher {
  readonly #shared: SharedState;
  readonly #wake: () => void;
  readonly #fill: (table: ForwardingTable) => void;
  #publishing: Promise<void> | undefined;
  #isStale = false;
  #isStopped = false;
  /** Of the publishers before. */
  #earlier = 0;

  /** `wake` makes the workers look at the shared state; `fill` writes what is to be forwarded by now. */
  constructor(shared: SharedState, wake: () => void, fill: (table: ForwardingTable) => void) {
    this.#shared = shared;
    this.#wake = wake;
    this.#fill = fill;
  }

  /** How often a table was published so far. */
  get epoch(): number {
    return this.#earlier + this.#shared.epoch;
  }

  /** Goes on counting from another one's epoch. */
  adopt(epoch: number): void {
    this.#earlier = epoch;
  }

  /** Resolves when it is published. Changes that come while it waits for the workers go out together. */
  publish(): Promise<void> {
    this.#isStale = true;
    this.#publishing ??= this.#publishLatest();
    return this.#publishing;
  }

  /** Resolves when what is being published is. */
  async published(): Promise<void> {
    await this.#publishing;
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #publishLatest(): Promise<void> {
    try {
      while (this.#isStale && !this.#isStopped) {
        const table = await this.#shared.standby();
        this.#isStale = false;
        this.#fill(table);
        this.#shared.publish();
        this.#wake();
      }
    } finally {
      // In the same step as the loop's last look, so that no change can come in between and be lost.
      this.#publishing = undefined;
    }
  }
}
