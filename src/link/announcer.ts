/**
 * Tells the link where our addresses are, so that switches and routers that knew them elsewhere, or forget them in silence,
 * send here: some times at the start, then now and again.
 */

import type { Config } from "../config/config.ts";
import type { Clock, Timer } from "../system/clock.ts";

export class Announcer {
  readonly #times: Config["dispatcher"]["announce"];
  readonly #clock: Clock;
  readonly #announceAll: () => void;
  #timer: Timer | undefined;
  #left = 0;

  /** `announceAll` sends one announcement of each address. */
  constructor(times: Config["dispatcher"]["announce"], clock: Clock, announceAll: () => void) {
    this.#times = times;
    this.#clock = clock;
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
    if (nextMs > 0) this.#timer = this.#clock.after(nextMs, () => this.#announce());
  }

  stop(): void {
    this.#timer?.cancel();
  }
}
