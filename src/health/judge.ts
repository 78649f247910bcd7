/**
 * From single attempts to a verdict, so that one lost packet brings no backend down and one lucky answer none up:
 *
 *                    success                fall failures in a row
 *     UNKNOWN ---------------------> UP ------------------------------> DOWN
 *        |                            ^                                  ^ |
 *        |                            '------ rise successes in a row -----'
 *        '-------------------- fall failures in a row -------------------'
 *
 * The first success is enough, so that a start in front of healthy backends knows at once.
 */

import { DOUBTFUL } from "../table/neighbors.ts";

export type Verdict = "unknown" | "up" | "down";

/** All that is known, as plain data. */
export interface JudgeRecord {
  readonly verdict: Verdict;
  readonly successes: number;
  readonly failures: number;
}

export class Judge {
  readonly #rise: number;
  readonly #fall: number;
  #verdict: Verdict = "unknown";
  #successes = 0;
  #failures = 0;

  constructor({ rise, fall }: { readonly rise: number; readonly fall: number }) {
    this.#rise = rise;
    this.#fall = fall;
  }

  get verdict(): Verdict {
    return this.#verdict;
  }

  record(): JudgeRecord {
    return { verdict: this.#verdict, successes: this.#successes, failures: this.#failures };
  }

  adopt({ verdict, successes, failures }: JudgeRecord): void {
    this.#verdict = verdict;
    this.#successes = successes;
    this.#failures = failures;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#successes++;
    if (this.#verdict !== "down" || this.#successes >= this.#rise) this.#verdict = "up";
  }

  /** `hasLost`: frames were lost here meanwhile. Such a failure counts as a silent neighbor's (table/neighbors.ts). */
  failed(hasLost = false): void {
    this.#successes = 0;
    this.#failures += hasLost ? DOUBTFUL : 1;
    if (this.#failures >= this.#fall) this.#verdict = "down";
  }

  /** It is known that nothing can answer. */
  fell(): void {
    this.#successes = 0;
    this.#failures = this.#fall;
    this.#verdict = "down";
  }
}
