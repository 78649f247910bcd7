/** Counts what is wrong, and tells the log of it: at once when it is new, then now and then with the count. */

import type { Logger } from "pino";

const BETWEEN_MS = 10_000;

export class Alarms {
  readonly counts: Record<string, number> = {};
  readonly #log: Logger;
  readonly #told = new Map<string, number>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** `about` is whom it concerns: each is told of apart. */
  raise(alarm: string, about: string, remedy: string, nowMs: number): void {
    this.counts[alarm] = (this.counts[alarm] ?? 0) + 1;
    const key = `${alarm} ${about}`;
    if (nowMs - (this.#told.get(key) ?? -Infinity) < BETWEEN_MS) return;
    this.#told.set(key, nowMs);
    this.#log.warn({ alarm, about, count: this.counts[alarm] }, remedy);
  }
}
