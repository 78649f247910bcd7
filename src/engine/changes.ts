/**
 * Gathers changes of neighbors, health and states, so that what hundreds of them bring about in one moment is computed and published
 * once, and in steps, between which the main thread has other work:
 *
 *     change  change    change                                          change
 *        |--------- GATHER_MS --------| step · step · step | published  |--- ...
 *
 * Where frames wait for a neighbor's MAC it is not gathered longer, unless the last time was less than GATHER_MS ago.
 */

import type { Clock, Timer } from "../system/clock.ts";

/** As long as it takes to ask all neighbors that are due at one time (link/resolver.ts). */
const GATHER_MS = 50;

export interface ChangesEvents<Outcome> {
  /** What comes of all changes until now, these neighbors' among them, computed in steps. */
  compute(neighbors: readonly number[]): Generator<void, Outcome>;
  computed(outcome: Outcome): void;
  /** By the clock: when something changes by itself, such as a slow start's next step. Infinity: never. */
  nextMs(): number;
}

export class Changes<Outcome> {
  readonly #clock: Clock;
  readonly #events: ChangesEvents<Outcome>;
  #neighbors = new Set<number>();
  #hasChanges = false;
  /** Of what is being gathered. */
  #next = Promise.withResolvers<void>();
  /** Of what is being computed. */
  #current = Promise.withResolvers<void>();
  #timer: Timer | undefined;
  #isGathering = false;
  /** By the clock: when the last gathering ended. */
  #gatheredMs = -Infinity;
  #looking: Timer | undefined;
  #isStopped = false;

  constructor(clock: Clock, events: ChangesEvents<Outcome>) {
    this.#clock = clock;
    this.#events = events;
  }

  /** From now on what changes by itself is computed, too. */
  start(): void {
    this.#looking?.cancel();
    const nextMs = this.#events.nextMs();
    if (nextMs === Infinity || this.#isStopped) return;
    this.#looking = this.#clock.after(nextMs - this.#clock.now(), () => void this.add());
  }

  /** A neighbor has another MAC than before, or none any more. `isAwaited`: frames came for it while it had none. */
  addNeighbor(neighbor: number, isAwaited: boolean): void {
    this.#neighbors.add(neighbor);
    void this.add();
    if (!isAwaited || !this.#isGathering) return;
    this.#timer?.cancel();
    this.#gather(Math.max(0, this.#gatheredMs + GATHER_MS - this.#clock.now()));
  }

  /** Something has changed that `compute` finds by itself. Resolves when it is computed. */
  add(): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    this.#hasChanges = true;
    if (this.#timer === undefined) this.#gather(GATHER_MS);
    return this.#next.promise;
  }

  /** What is not computed yet will not be, and whoever waits for it waits no more. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#looking?.cancel();
    this.#current.resolve();
    this.#next.resolve();
  }

  #gather(forMs: number): void {
    this.#isGathering = true;
    this.#timer = this.#clock.after(forMs, () => this.#begin());
  }

  #begin(): void {
    this.#isGathering = false;
    this.#gatheredMs = this.#clock.now();
    const neighbors = [...this.#neighbors];
    this.#neighbors.clear();
    this.#hasChanges = false;
    this.#current = this.#next;
    this.#next = Promise.withResolvers();
    this.#go(this.#events.compute(neighbors));
  }

  #go(steps: Generator<void, Outcome>): void {
    const { done, value } = steps.next();
    if (!done) {
      this.#timer = this.#clock.after(0, () => this.#go(steps));
      return;
    }
    this.#timer = undefined;
    if (this.#hasChanges) this.#gather(GATHER_MS);
    this.#events.computed(value);
    this.start();
    this.#current.resolve();
  }
}
