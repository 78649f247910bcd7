/**
 * Says that the dispatcher is alive, as often as a service manager wants to hear it, and only while the data plane moves: each worker
 * is woken, and must have come by. One that hangs ends the saying, and so does a main thread that hangs.
 *
 *     wake   look   look: all have come by, feed                      wake  ...
 *       |------|------|--------------------- half of what is allowed ----|
 */

import type { Clock, Timer } from "../system/clock.ts";

/** In half of what the manager allows, workers are looked at so many times. */
const LOOKS = 10;

export interface WatchdogMeans {
  readonly clock: Clock;
  /** The manager ends a service of which it has not heard for so long. */
  readonly allowedMs: number;
  /** Makes each worker come by, and says how often each has. */
  bursts(): readonly number[];
  feed(): void;
}

export class Watchdog {
  readonly #means: WatchdogMeans;
  #timer: Timer | undefined;
  #before: readonly number[] = [];

  /** Begins. */
  constructor(means: WatchdogMeans) {
    this.#means = means;
    this.#begin();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #begin(): void {
    this.#before = this.#means.bursts();
    this.#later(1 / LOOKS, () => this.#look());
  }

  #look(): void {
    const now = this.#means.bursts();
    const haveAllMoved = now.every((bursts, worker) => bursts !== this.#before[worker]);
    if (!haveAllMoved) return this.#later(1 / LOOKS, () => this.#look());
    this.#means.feed();
    this.#later(1 - 1 / LOOKS, () => this.#begin());
  }

  #later(halves: number, call: () => void): void {
    const { clock, allowedMs } = this.#means;
    this.#timer = clock.after(halves * allowedMs / 2, call);
  }
}
