/**
 * Whose turn it is to be asked. Only so many attempts begin in a second, because the path lets only so many answers a second through
 * (path/limits.ts), and only so many conversations are under way at one time:
 *
 *     later ── its time has come ── due ──┬── pace ──────────────────────── begin
 *                  ▲                      └── too many conversations: held
 *                  └─────── one has ended ────────────────────────────┘
 */

import type { ProbeType } from "../config/health.ts";
import type { Clock, Timer } from "../system/clock.ts";
import { TokenBucket } from "../table/token_bucket.ts";
import type { Doubt } from "./doubt.ts";
import type { Probed, Target } from "./targets.ts";

/** Attempts a second, and how many at once. */
const PER_SECOND = 2000;
const AT_ONCE = 32;
/** Between two looks whether more may begin. */
const TURN_MS = 10;

/** Probes that keep more than a port open, and so share memory and rings: so many at one time. */
const CONVERSATIONS: readonly ProbeType[] = ["http", "https", "exec"];
const MOST_CONVERSATIONS = 64;

export interface Turn {
  readonly probed: Probed;
  readonly target: Target;
}

export class Turns {
  readonly #clock: Clock;
  readonly #doubt: Doubt;
  readonly #begin: (turn: Turn) => void;
  readonly #pace = new TokenBucket(PER_SECOND, AT_ONCE);
  readonly #timers = new Map<Target, Timer>();
  /** Those whose turn it is, in order. */
  readonly #due: Turn[] = [];
  /** Those whose turn it was while there were too many conversations. */
  readonly #held: Turn[] = [];
  #conversations = 0;
  #next: Timer | undefined;

  constructor(clock: Clock, doubt: Doubt, begin: (turn: Turn) => void) {
    this.#clock = clock;
    this.#doubt = doubt;
    this.#begin = begin;
  }

  later(turn: Turn, delayMs: number): void {
    const timer = this.#doubt.after(delayMs, () => {
      this.#due.push(turn);
      if (this.#next === undefined) this.#take();
    });
    this.#timers.set(turn.target, timer);
  }

  /** An attempt is under way from now on. */
  began({ target }: Turn): void {
    if (isConversation(target)) this.#conversations++;
  }

  /** It is not any more, and makes room. */
  ended({ target }: Turn): void {
    if (!isConversation(target)) return;
    this.#conversations--;
    const next = this.#held.shift();
    if (next !== undefined) this.later(next, 0);
  }

  stop(): void {
    this.#next?.cancel();
    this.#due.length = 0;
    this.#held.length = 0;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #take(): void {
    this.#next = undefined;
    for (let turn = this.#due[0]; turn !== undefined; turn = this.#due[0]) {
      if (isConversation(turn.target) && this.#conversations >= MOST_CONVERSATIONS) {
        this.#held.push(this.#due.shift()!);
        continue;
      }
      if (!this.#pace.take(this.#clock.now() | 0)) {
        this.#next = this.#doubt.after(TURN_MS, () => this.#take());
        return;
      }
      this.#due.shift();
      this.#begin(turn);
    }
  }
}

function isConversation({ probe }: Target): boolean {
  return CONVERSATIONS.includes(probe.type);
}
