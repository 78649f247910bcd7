/**
 * A rate limit: `burst` at once, `perSecond` in the long run. Allocates nothing, so that the path of a frame can ask.
 * Credit is counted in thousandths, so that a millisecond at any whole rate is a whole number.
 */
export class TokenBucket {
  readonly #perSecond: number;
  readonly #capacity: number;
  /** After so long it is full again; longer need not be counted, and the product below stays an int32. */
  readonly #fullMs: number;
  #credit: number;
  #filledMs = 0;

  /** `perSecond` 0 gives none, not even at first. */
  constructor(perSecond: number, burst: number) {
    this.#perSecond = perSecond;
    this.#capacity = perSecond === 0 ? 0 : burst * 1000;
    this.#fullMs = Math.ceil(this.#capacity / Math.max(1, perSecond));
    this.#credit = this.#capacity;
  }

  /** Takes one, or says no. `nowMs` is any clock that never goes back, as int32 (it may wrap). */
  take(nowMs: number): boolean {
    const elapsed = Math.min((nowMs - this.#filledMs) >>> 0, this.#fullMs);
    this.#filledMs = nowMs;
    this.#credit = Math.min(this.#capacity, this.#credit + elapsed * this.#perSecond);
    if (this.#credit < 1000) return false;
    this.#credit -= 1000;
    return true;
  }
}
