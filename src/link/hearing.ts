/**
 * Whether we can hear the others at all. While frames to us are lost on this machine, or while it is so busy that we are late,
 * an answer that does not come says little about who should have sent it.
 */

import type { Clock } from "../system/clock.ts";

/** Who is later than this may have answers that nobody has read yet. */
const LATE_MS = 100;

export class Hearing {
  readonly #clock: Clock;
  readonly #lost: () => number;
  #lostBefore: number;
  #expectedMs = Infinity;
  #deafMs = -Infinity;

  /** `lost`: how many frames to us have been lost so far that may have been answers. */
  constructor(clock: Clock, lost: () => number) {
    this.#clock = clock;
    this.#lost = lost;
    this.#lostBefore = lost();
  }

  /** We mean to look again when so much time has passed. */
  expect(delayMs: number): void {
    this.#expectedMs = this.#clock.now() + delayMs;
  }

  /** By the clock: when it was last noticed that frames had been lost, or that we were late; never: minus infinity. */
  deafMs(): number {
    const nowMs = this.#clock.now();
    const lost = this.#lost();
    if (lost !== this.#lostBefore || nowMs > this.#expectedMs + LATE_MS) this.#deafMs = nowMs;
    this.#lostBefore = lost;
    return this.#deafMs;
  }
}
