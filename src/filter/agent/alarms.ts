/** Counts what is wrong, and tells the log of it: at once when it is new, then now and then with the count. */

import type { Logger } from "pino";
import type { Clock } from "../../system/clock.ts";

/** By alarm: what it means and what to do. */
const REMEDIES = {
  forged: "A datagram is no heartbeat of this cluster: compare the key files, or find who sends it",
  stale:
    "A heartbeat was heard before, or is from an earlier life: either recorded ones are sent again, or a clock went back",
  configuration:
    "Its configuration is another, so its heartbeats change nothing here: give all backends the same, restart it",
  unknown: "No backend of that name is configured here: give all backends the same configuration",
  duplicate: "Another agent speaks in this backend's name: stop one of the two",
  "one-way":
    "It is heard but hears nothing from here: let the agents' UDP port through to it. Both may answer one client",
  split:
    "Two backends took some of the buckets: they did not hear each other while the router reached both. It is over now",
  alone: "No other backend answers: only this backend's share of the base map is taken, until one does",
  kernel: "The kernel did not take the rules: they are given again, whole",
} as const satisfies Record<string, string>;

export type AlarmId = keyof typeof REMEDIES;

/** An alarm about the same is told again after this time at the earliest. */
const BETWEEN_MS = 10_000;
/** Pairs of alarm and cause that are told apart. */
const MOST_TOLD_APART = 64;

export class Alarms {
  readonly counts: Record<string, number> = {};
  readonly #log: Logger;
  readonly #clock: Clock;
  /** When each was last told. */
  readonly #told = new Map<string, number>();

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** `about` is whom it concerns: each is told of apart. */
  raise(alarm: AlarmId, about: string): void {
    this.counts[alarm] = (this.counts[alarm] ?? 0) + 1;
    // Who forges datagrams chooses their sources: beyond a number they are told as one.
    const own = `${alarm} ${about}`;
    const key = this.#told.has(own) || this.#told.size < MOST_TOLD_APART ? own : alarm;
    const nowMs = this.#clock.now();
    if (nowMs - (this.#told.get(key) ?? -Infinity) < BETWEEN_MS) return;
    this.#told.set(key, nowMs);
    this.#log.warn({ alarm, about, count: this.counts[alarm] }, REMEDIES[alarm]);
  }
}
