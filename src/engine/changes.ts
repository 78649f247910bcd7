/**
 * Gathers the neighbors that have changed, so that what hundreds of them bring about in one moment is computed and published once,
 * and in steps, between which the main thread has other work:
 *
 *     change  change    change                                          change
 *        |--------- GATHER_MS --------| step · step · step | published  |--- ...
 */

import type { Clock, Timer } from "../system/clock.ts";

/** As long as it takes to ask all neighbors that are due at one time (link/resolver.ts). */
const GATHER_MS = 50;

export interface ChangesEvents<Outcome> {
  /** What comes of these neighbors' changes, computed in steps. */
  compute(changed: readonly number[]): Generator<void, Outcome>;
  computed(outcome: Outcome): void;
}

export class Changes<Outcome> {
  readonly #clock: Clock;
  readonly #events: ChangesEvents<Outcome>;
  #changed = new Set<number>();
  #timer: Timer | undefined;

  constructor(clock: Clock, events: ChangesEvents<Outcome>) {
    this.#clock = clock;
    this.#events = events;
  }

  /** A neighbor has another MAC than before, or none any more. */
  add(neighbor: number): void {
    this.#changed.add(neighbor);
    this.#timer ??= this.#clock.after(GATHER_MS, () => this.#begin());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #begin(): void {
    const changed = [...this.#changed];
    this.#changed.clear();
    this.#go(this.#events.compute(changed));
  }

  #go(steps: Generator<void, Outcome>): void {
    const { done, value } = steps.next();
    if (!done) {
      this.#timer = this.#clock.after(0, () => this.#go(steps));
      return;
    }
    this.#timer = this.#changed.size === 0 ? undefined : this.#clock.after(GATHER_MS, () => this.#begin());
    this.#events.computed(value);
  }
}
