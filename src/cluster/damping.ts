/**
 * Flap damping: who goes down too often within a minute is held down, until it has stayed up for a minute. With `flaps: 3`:
 *
 *     up ──┐  ┌─┐  ┌─┐  ┌─┐  ┌──────────────────
 *          │  │ │  │ │  │ │  │
 *     down └──┘ └──┘ └──┘ └──┘
 *          1    2    3    4: held ├── QUIET_MS ──┤ live again
 */

export const WINDOW_MS = 60_000;
/** So long it must then stay up. */
export const QUIET_MS = 60_000;

/** All that is known of how often a backend went down, as plain data. */
export interface DampingRecord {
  /** By the clock: when it went down, as far as it matters. */
  readonly downsMs: readonly number[];
  readonly heldUntilMs: number;
}

export class Damping {
  #downsMs: readonly number[] = [];
  /** It is held until then; Infinity while it is down. */
  #heldUntilMs = -Infinity;

  record(): DampingRecord {
    return { downsMs: this.#downsMs, heldUntilMs: this.#heldUntilMs };
  }

  adopt({ downsMs, heldUntilMs }: DampingRecord): void {
    this.#downsMs = downsMs;
    this.#heldUntilMs = heldUntilMs;
  }

  /** `flaps`: so often it may go down within WINDOW_MS. */
  wentDown(nowMs: number, flaps: number): void {
    this.#downsMs = [...this.#downsMs.filter((downMs) => downMs > nowMs - WINDOW_MS), nowMs];
    if (this.#downsMs.length > flaps || this.isHeld(nowMs)) this.#heldUntilMs = Infinity;
  }

  cameBack(nowMs: number): void {
    if (this.isHeld(nowMs)) this.#heldUntilMs = nowMs + QUIET_MS;
  }

  isHeld(nowMs: number): boolean {
    return nowMs < this.#heldUntilMs;
  }

  /** When it is held no longer, should nothing happen; Infinity when that is no matter of time. */
  nextMs(nowMs: number): number {
    return this.isHeld(nowMs) ? this.#heldUntilMs : Infinity;
  }
}
