/**
 * Tells the link where our addresses are, so that switches and routers that knew them elsewhere, or forget them in silence,
 * send here: some times at the start, then now and again.
 */

import type { Config } from "./config.ts";

export class Announcer {
  readonly #times: Config["dispatcher"]["announce"];
  readonly #announceAll: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #left = 0;

  /** `announceAll` sends one announcement of each address. */
  constructor(times: Config["dispatcher"]["announce"], announceAll: () => void) {
    this.#times = times;
    this.#announceAll = announceAll;
  }

  /** At the start, and again when the addresses have moved. */
  start(): void {
    this.stop();
    this.#left = this.#times.count;
    if (this.#left > 0) this.#announce();
    else this.#wait();
  }

  #announce(): void {
    if (this.#left > 0) this.#left--;
    this.#announceAll();
    this.#wait();
  }

  #wait(): void {
    const nextMs = this.#left > 0 ? this.#times.intervalMs : this.#times.refreshMs;
    if (nextMs > 0) this.#timer = setTimeout(() => this.#announce(), nextMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
