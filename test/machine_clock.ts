/**
 * A virtual clock of a whole machine, which can sleep, whose wall clock can be set, and which tells how busy it was. It is alone: its time
 * jumps while it sleeps. The simulator's machines share one time, in which one stands still while others go on (src/sim/net/machine_clock.ts).
 */

import type { Clock, Timer } from "../src/system/clock.ts";
import { VirtualClock } from "../src/system/virtual_clock.ts";

export class MachineClock implements Clock {
  /** For how long, in real milliseconds, the thread was at work between two calls: the longest so far. */
  longestMs = 0;
  readonly #virtual = new VirtualClock();
  #sleptMs = 0;
  #wallMs = 0;
  #beganMs = 0;

  now(): number {
    return this.#virtual.now() + this.#sleptMs;
  }

  sinceEpoch(): number {
    return this.now() + this.#wallMs;
  }

  after(delayMs: number, call: () => void): Timer {
    return this.#virtual.after(delayMs, () => {
      this.#look();
      call();
    });
  }

  /** Calls that are due later. */
  get waiting(): number {
    return this.#virtual.waiting;
  }

  async advance(ms: number): Promise<void> {
    this.#beganMs = performance.now();
    await this.#virtual.advance(ms);
    this.#look();
  }

  /** Time passes, and all calls come late. */
  sleep(ms: number): void {
    this.#sleptMs += ms;
  }

  /** Somebody sets the wall clock on, or back. */
  setWall(byMs: number): void {
    this.#wallMs += byMs;
  }

  #look(): void {
    const nowMs = performance.now();
    this.longestMs = Math.max(this.longestMs, nowMs - this.#beganMs);
    this.#beganMs = nowMs;
  }
}
