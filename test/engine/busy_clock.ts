/** A virtual clock that also tells for how long, in real time, the thread was at work between two of its calls. */

import { type Clock, type Timer, VirtualClock } from "../../src/system/clock.ts";

export class BusyClock implements Clock {
  /** The longest so far, in real milliseconds. */
  longestMs = 0;
  readonly #virtual = new VirtualClock();
  #beganMs = 0;

  now(): number {
    return this.#virtual.now();
  }

  sinceEpoch(): number {
    return this.#virtual.sinceEpoch();
  }

  after(delayMs: number, call: () => void): Timer {
    return this.#virtual.after(delayMs, () => {
      this.#look();
      call();
    });
  }

  async advance(ms: number): Promise<void> {
    this.#beganMs = performance.now();
    await this.#virtual.advance(ms);
    this.#look();
  }

  #look(): void {
    const nowMs = performance.now();
    this.longestMs = Math.max(this.longestMs, nowMs - this.#beganMs);
    this.#beganMs = nowMs;
  }
}
