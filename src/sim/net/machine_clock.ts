/**
 * The time as one machine, or one process on it, sees it: it can stand still, be slow to act, go fast or slow, and have
 * its wall clock set.
 */

import type { Clock, Timer } from "../../system/clock.ts";
import type { Alarm, VirtualClock } from "../../system/virtual_clock.ts";

export class MachineClock implements Clock {
  /** Each call comes so much later than it is due. */
  lateMs = 0;
  readonly #time: VirtualClock;
  #wallMs = 0;
  /** So many of its seconds pass in one. */
  #rate = 1;
  /** Since when that is so, by the time and by itself. */
  #sinceMs = 0;
  #ownMs = 0;
  #isFrozen = false;
  /** What has become due meanwhile, in order. */
  #missed: Call[] = [];

  constructor(time: VirtualClock) {
    this.#time = time;
  }

  now(): number {
    return this.#ownMs + (this.#time.now() - this.#sinceMs) * this.#rate;
  }

  sinceEpoch(): number {
    return this.#time.sinceEpoch() + this.now() - this.#time.now() + this.#wallMs;
  }

  after(delayMs: number, call: () => void): Timer {
    const made: Call = { call, timer: undefined, isOver: false };
    made.timer = this.#time.after(delayMs / this.#rate + this.lateMs, () => this.#due(made));
    return {
      cancel() {
        made.isOver = true;
        made.timer?.cancel();
      },
    };
  }

  /** For what frames do: as `VirtualClock.alarm`, also while it stands still. */
  alarm(call: () => void): Alarm {
    return this.#time.alarm(call);
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  /** Time passes, and nothing is called. */
  freeze(): void {
    this.#isFrozen = true;
  }

  /** What has been missed is called now, in order. */
  thaw(): void {
    if (!this.#isFrozen) return;
    this.#isFrozen = false;
    for (const missed of this.#missed.splice(0)) {
      if (!missed.isOver) missed.timer = this.#time.after(0, () => this.#due(missed));
    }
  }

  /** So many of its seconds pass in one from now on. What is due already does not change. */
  set rate(rate: number) {
    [this.#ownMs, this.#sinceMs] = [this.now(), this.#time.now()];
    this.#rate = rate;
  }

  /** Somebody sets the wall clock on, or back. */
  setWall(byMs: number): void {
    this.#wallMs += byMs;
  }

  #due(made: Call): void {
    if (this.#isFrozen) {
      this.#missed.push(made);
      return;
    }
    made.isOver = true;
    made.call();
  }
}

interface Call {
  readonly call: () => void;
  timer: Timer | undefined;
  /** It has been made, or was canceled. */
  isOver: boolean;
}
