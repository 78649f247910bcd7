/**
 * The agent of a backend's filter, without sockets, clock or nft: it turns heartbeats and time into heartbeats and rules.
 *
 * The kernel takes frames only on a lease, and a heartbeat goes out just before each is asked for. So when an agent dies or
 * sleeps, its kernel has stopped when the others give it up:
 *
 *     0          1          2          3          4 intervals since the last heartbeat
 *     +----------+----------+----------+----------+
 *     |····· nft is slow ·····|                   |        at most 1.25, else it is killed
 *                             | a lease of 2.5 ····· |     the kernel takes nothing after 3.75
 *                                                 |        the others take the buckets
 *
 * What this does not cover is an agent that is stopped while a slow nft runs on.
 */

import type { BucketSet } from "./bucket_set.ts";
import type { Heartbeat } from "./heartbeat.ts";
import { type Alarm, Membership, type MembershipOptions } from "./membership.ts";

/** In intervals. */
const DEAD = 4;
const LEASE = 2.5;
const PATIENCE = 1.25;

/** What the agent acts upon. */
export interface Surroundings {
  /** Sends to all other backends. */
  send(heartbeat: Heartbeat): void;
  /**
   * Gives the kernel a lease and these buckets in place of those before; the same as before when undefined. One call at a
   * time. `done` is called when the kernel has it, or with false when that has failed or taken longer than `patienceMs`.
   */
  give(own: BucketSet | undefined, times: LeaseTimes, done: (isGiven: boolean, nowMs: number) => void): void;
}

export interface LeaseTimes {
  readonly leaseMs: number;
  readonly patienceMs: number;
}

export interface AgentOptions extends Omit<MembershipOptions, "deadMs"> {
  /** Between two heartbeats. */
  readonly intervalMs: number;
}

export class FilterAgent {
  readonly membership: Membership;
  readonly #surroundings: Surroundings;
  readonly #intervalMs: number;
  readonly #times: LeaseTimes;
  #spokeMs: number;
  /** When the kernel was last given anything. */
  #askedMs: number;
  /** What the kernel was last told to take; undefined: not known. */
  #given: BucketSet | undefined;
  #isGiving = false;
  #hasLink = true;
  /** When it last did anything. */
  #awakeMs: number;
  #left: (() => void) | undefined;

  constructor(options: AgentOptions, surroundings: Surroundings, nowMs: number) {
    this.membership = new Membership({ ...options, deadMs: DEAD * options.intervalMs }, nowMs);
    this.#surroundings = surroundings;
    this.#intervalMs = options.intervalMs;
    this.#times = { leaseMs: LEASE * options.intervalMs, patienceMs: PATIENCE * options.intervalMs };
    this.#awakeMs = nowMs;
    this.#spokeMs = nowMs - options.intervalMs;
    this.#askedMs = nowMs - options.intervalMs;
  }

  /** Lets time pass; to be called a few times an interval. `hasLink`: the machine's link is up. */
  tick(nowMs: number, hasLink = true): void {
    this.#hasLink = hasLink;
    this.#wake(nowMs);
    if (!hasLink) this.membership.lose(nowMs);
    this.membership.tick(nowMs);
    this.#act(nowMs);
  }

  /** A heartbeat whose HMAC is right; what is wrong with it, if anything. */
  hear(heartbeat: Heartbeat, nowMs: number): Alarm | undefined {
    this.#wake(nowMs);
    const alarm = this.membership.hear(heartbeat, nowMs);
    this.#act(nowMs);
    return alarm;
  }

  /** Lets everything go, says so, and does nothing any more; until `left` is called, time must go on. */
  leave(nowMs: number, left: () => void): void {
    this.#left = left;
    this.#act(nowMs);
  }

  /** While it slept the others' silence was its own; and when they have not heard it for long they may hold what it held. */
  #wake(nowMs: number): void {
    const sleptMs = nowMs - this.#awakeMs;
    this.#awakeMs = nowMs;
    if (sleptMs > this.#intervalMs) this.membership.sleep(sleptMs);
    if (nowMs - this.#spokeMs > this.#times.leaseMs) this.membership.lose(nowMs);
  }

  #act(nowMs: number): void {
    const { membership } = this;
    const isDue = nowMs - this.#spokeMs >= this.#intervalMs;
    const isLeaving = this.#left !== undefined;
    const next = this.#isGiving || isLeaving ? undefined : membership.decide();
    const own = isLeaving ? membership.held.minus(membership.held) : next ?? membership.held;
    const isNew = this.#given === undefined || !own.equals(this.#given);
    const mustGive = !this.#isGiving && (isNew || nowMs - this.#askedMs >= this.#intervalMs);
    if (mustGive || isDue || (membership.hasNews && this.#hasLink)) {
      this.#surroundings.send(membership.speak(nowMs));
      this.#spokeMs = nowMs;
    }
    if (!mustGive) return;
    this.#askedMs = nowMs;
    this.#give(own, isNew);
  }

  #give(own: BucketSet, isNew: boolean): void {
    this.#isGiving = true;
    this.#surroundings.give(isNew ? own : undefined, this.#times, (isGiven, nowMs) => {
      this.#isGiving = false;
      this.#given = isGiven ? own : undefined;
      this.#wake(nowMs);
      if (!isGiven) return; // Again at the next tick.
      this.membership.holds(own);
      if (this.#left === undefined || own.size > 0) return this.#act(nowMs);
      this.#surroundings.send(this.membership.speak(nowMs, true));
      this.#left();
    });
  }
}
