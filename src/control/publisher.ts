/** Brings a new forwarding table to the workers, whole or not at all (shared_state.ts says how). */

import type { ForwardingTable } from "../table/forwarding_table.ts";
import type { SharedState } from "./shared_state.ts";
import type { Workers } from "./workers.ts";

export class Publisher {
  readonly #shared: SharedState;
  readonly #workers: Workers;
  readonly #fill: (table: ForwardingTable) => void;
  #publishing: Promise<void> | undefined;
  #isStale = false;
  #isStopped = false;

  /** `fill` writes what is to be forwarded by now. */
  constructor(shared: SharedState, workers: Workers, fill: (table: ForwardingTable) => void) {
    this.#shared = shared;
    this.#workers = workers;
    this.#fill = fill;
  }

  /** Resolves when it is published. Changes that come while it waits for the workers go out together. */
  publish(): Promise<void> {
    this.#isStale = true;
    this.#publishing ??= this.#publishLatest().finally(() => this.#publishing = undefined);
    return this.#publishing;
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #publishLatest(): Promise<void> {
    while (this.#isStale && !this.#isStopped) {
      const table = await this.#shared.standby();
      this.#isStale = false;
      this.#fill(table);
      this.#shared.publish();
      this.#workers.wake();
    }
  }
}
