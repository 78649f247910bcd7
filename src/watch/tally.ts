/** What a watch has seen so far, in memory that does not grow with time. */

import { createHistogram } from "node:perf_hooks";
import type { Clock } from "../system/clock.ts";

/** One request. */
export interface Probed {
  /** When it was begun: ISO 8601, in UTC. */
  readonly at: string;
  /** From which address; null where the machine chose. */
  readonly client: string | null;
  /** Who answered; null where nobody did, or who does not say. */
  readonly backend: string | null;
  /** Until its answer was whole, or it was given up. */
  readonly ms: number;
  /** Why it was not answered; null for one that was. */
  readonly failure: string | null;
}

/** What came of a watch's requests. */
export interface Summary {
  readonly target: string;
  /** ISO 8601, in UTC. */
  readonly since: string;
  readonly forMs: number;
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  /** That were due while too many were under way. */
  readonly unsent: number;
  /** Answers by backend, the most first; without a name those that name none. */
  readonly backends: readonly { readonly backend: string | null; readonly answered: number }[];
  /** Answers of backends for which there was no room in that list. */
  readonly others: number;
  /** Times of answers; null without one. */
  readonly ms: {
    readonly p50: number;
    readonly p90: number;
    readonly p99: number;
    readonly most: number;
  } | null;
  /** The longest time without any answer. */
  readonly pause: { readonly ms: number; readonly at: string };
  /** How late this process itself has been with a request. What is late by this is no fault of the cluster. */
  readonly lateMs: number;
  /** Who answered each client last, and how often that was another one than before. */
  readonly clients: readonly {
    readonly client: string | null;
    readonly backend: string | null;
    readonly moves: number;
  }[];
  readonly reasons: readonly {
    readonly reason: string;
    readonly count: number;
    readonly first: string;
    readonly last: string;
  }[];
  /** The first ones. */
  readonly failures: readonly Probed[];
}

/** Backends and reasons that are told apart. What names itself anew each time, as a page with the time in its first line, ends there. */
const MOST_BACKENDS = 256;
const MOST_REASONS = 32;
const MOST_FAILURES = 100;

/** Microseconds: three digits, up to an hour. */
const LONGEST_US = 3_600_000_000;

interface Reason {
  count: number;
  readonly first: string;
  last: string;
}

interface Met {
  backend: string | null;
  moves: number;
}

export class Tally {
  readonly #target: string;
  readonly #clock: Clock;
  readonly #sinceMs: number;
  readonly #times = createHistogram({ lowest: 1, highest: LONGEST_US, figures: 3 });
  readonly #backends = new Map<string | null, number>();
  readonly #reasons = new Map<string, Reason>();
  readonly #failures: Probed[] = [];
  readonly #clients = new Map<string | null, Met>();
  #sent = 0;
  #answered = 0;
  #failed = 0;
  #unsent = 0;
  #others = 0;
  #lateMs = 0;
  #lastAnswerMs: number;
  #pause: { ms: number; fromMs: number };

  constructor(target: string, clock: Clock) {
    this.#target = target;
    this.#clock = clock;
    this.#sinceMs = clock.now();
    this.#lastAnswerMs = this.#sinceMs;
    this.#pause = { ms: 0, fromMs: this.#sinceMs };
  }

  sent(lateMs: number): void {
    this.#sent++;
    this.#lateMs = Math.max(this.#lateMs, lateMs);
  }

  unsent(): void {
    this.#unsent++;
  }

  ended(probed: Probed): void {
    if (probed.failure === null) this.#answer(probed);
    else this.#fail(probed, probed.failure);
  }

  summary(): Summary {
    const nowMs = this.#clock.now();
    // By the clock that never goes back: somebody may set the other one meanwhile.
    const iso = (ms: number) => new Date(this.#clock.sinceEpoch() - nowMs + ms).toISOString();
    const pause = this.#pauseUntil(nowMs);
    const ms = (percentile: number) => this.#times.percentile(percentile) / 1000;
    return {
      target: this.#target,
      since: iso(this.#sinceMs),
      forMs: Math.round(nowMs - this.#sinceMs),
      sent: this.#sent,
      answered: this.#answered,
      failed: this.#failed,
      unsent: this.#unsent,
      backends: [...this.#backends].map(([backend, answered]) => ({ backend, answered }))
        .sort((one, other) => other.answered - one.answered),
      others: this.#others,
      ms: this.#answered === 0 ? null : { p50: ms(50), p90: ms(90), p99: ms(99), most: ms(100) },
      pause: { ms: Math.round(pause.ms), at: iso(pause.fromMs) },
      lateMs: Math.round(this.#lateMs),
      clients: [...this.#clients].map(([client, met]) => ({ client, ...met })),
      reasons: [...this.#reasons].map(([reason, known]) => ({ reason, ...known })),
      failures: [...this.#failures],
    };
  }

  #answer({ client, backend, ms }: Probed): void {
    const nowMs = this.#clock.now();
    this.#answered++;
    this.#times.record(Math.min(Math.max(1, Math.round(ms * 1000)), LONGEST_US));
    const count = this.#backends.get(backend);
    if (count !== undefined || this.#backends.size < MOST_BACKENDS) {
      this.#backends.set(backend, (count ?? 0) + 1);
    } else this.#others++;
    const met = this.#clients.get(client);
    if (met === undefined) this.#clients.set(client, { backend, moves: 0 });
    else if (met.backend !== backend) {
      met.backend = backend;
      met.moves++;
    }
    this.#pause = this.#pauseUntil(nowMs);
    this.#lastAnswerMs = nowMs;
  }

  #fail(probed: Probed, failure: string): void {
    this.#failed++;
    if (this.#failures.length < MOST_FAILURES) this.#failures.push(probed);
    const reason = this.#reasons.has(failure) || this.#reasons.size < MOST_REASONS - 1 ? failure : "other";
    const known = this.#reasons.get(reason);
    if (known === undefined) this.#reasons.set(reason, { count: 1, first: probed.at, last: probed.at });
    else {
      known.count++;
      known.last = probed.at;
    }
  }

  #pauseUntil(nowMs: number): { ms: number; fromMs: number } {
    const ms = nowMs - this.#lastAnswerMs;
    return ms > this.#pause.ms ? { ms, fromMs: this.#lastAnswerMs } : this.#pause;
  }
}
