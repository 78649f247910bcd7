/**
 * What a failed attempt says of who was asked. While frames are lost here it says little, and while this process is late or slept it says
 * nothing:
 *
 *     late                       late                                    late
 *     |── fails: asked again     |── fails again; nobody was heard: no    |── and again: the one before counts
 *     |   at once                |   failure counts                      |
 *                                      another target: ── asked ── answered
 *
 * Once a later question of the same type has been answered, by whomever, what came before that answer has been read: then the silence
 * was the backend's own. So who is always late finds a death all the same, one attempt later.
 */

import type { ProbeType } from "../config/health.ts";
import type { Clock, Timer } from "../system/clock.ts";
import type { Target } from "./targets.ts";

/** Who is later than this may have been asleep: link/hearing.ts. */
const LATE_MS = 100;

/** An attempt, and how many frames had been lost when it began. */
export interface Asked {
  readonly beganMs: number;
  readonly lostBefore: number;
}

export class Doubt {
  readonly #clock: Clock;
  readonly #lost: () => number;
  /** When we were last found to be late. */
  #lateMs = -Infinity;
  /** By type: when the latest attempt began that was answered, be it by a refusal. */
  readonly #answeredMs = new Map<ProbeType, number>();

  /** `lost`: how many frames to us have been lost so far that may have been answers. */
  constructor(clock: Clock, lost: () => number) {
    this.#clock = clock;
    this.#lost = lost;
  }

  /** Calls back, and notices when that is late. */
  after(delayMs: number, call: () => void): Timer {
    const dueMs = this.#clock.now() + delayMs;
    return this.#clock.after(delayMs, () => {
      const nowMs = this.#clock.now();
      if (nowMs > dueMs + LATE_MS) this.#lateMs = nowMs;
      call();
    });
  }

  /** An attempt was answered, be it by a refusal. */
  answered({ probe: { type } }: Target, { beganMs }: Asked): void {
    this.#answeredMs.set(type, Math.max(beganMs, this.#answeredMs.get(type) ?? -Infinity));
  }

  /** Lets the judge know of a failed attempt what it is worth. Was there a reason to doubt it? */
  failed(target: Target, { beganMs, lostBefore }: Asked): boolean {
    const { probe, judge, doubtedMs } = target;
    const nowMs = this.#clock.now();
    const wasLate = this.#lateMs >= beganMs || nowMs > beganMs + probe.timeoutMs + LATE_MS;
    const hasLost = this.#lost() !== lostBefore;
    // Of an attempt while we were late it is the one before that may count.
    const counts = !wasLate || (this.#answeredMs.get(probe.type) ?? -Infinity) > doubtedMs;
    if (counts) judge.failed(hasLost);
    target.doubtedMs = wasLate ? nowMs : Infinity;
    return wasLate || hasLost;
  }
}
