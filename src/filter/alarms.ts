/** Counts what is wrong, and tells the log of it: at once when it is new, then now and then with the count. */

import type { Logger } from "pino";

/** By alarm: what it means and what to do. */
export const REMEDIES = {
  forged: "A datagram is no heartbeat of this cluster: compare the key files, or find who sends it",
  stale:
    "A heartbeat was heard before, or is from an earlier life: somebody repeats recorded ones, or a clock went back",
  configuration:
    "Its configuration is another, so nothing is changed for its sake: give all backends the same, restart it",
  unknown: "No backend of that name is configured here: give all backends the same configuration",
  duplicate: "Another agent speaks in this backend's name: stop one of the two",
  "one-way":
    "It is heard but hears nothing from here: let the agents' UDP port through to it. Both may answer one client",
  split:
    "Some buckets were taken here and there: the two were apart while the router reached both. It is over now",
  alone: "No other backend answers: only the own base share is taken, until one does",
} as const satisfies Record<string, string>;

const BETWEEN_MS = 10_000;
const MOST_TOLD_APART = 64;

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
    // Whoever forges datagrams chooses their sources: no more are told apart than this.
    const own = `${alarm} ${about}`;
    const key = this.#told.has(own) || this.#told.size < MOST_TOLD_APART ? own : alarm;
    if (nowMs - (this.#told.get(key) ?? -Infinity) < BETWEEN_MS) return;
    this.#told.set(key, nowMs);
    this.#log.warn({ alarm, about, count: this.counts[alarm] }, remedy);
  }
}
