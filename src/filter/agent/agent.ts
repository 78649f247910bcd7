/**
 * The agent of a backend's filter, a state machine, pure: it turns heartbeats and time into heartbeats and rules.
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
 * This does not cover an agent that is stopped while a slow nft runs on.
 */

import type { BucketSet } from "../rules/bucket_set.ts";
import type { Heartbeat } from "./heartbeat.ts";
import { type Alarm, Membership, type MembershipOptions } from "./membership.ts";

/** A backend that has not answered for so many intervals is gone. */
export const DEAD = 4;
/** The kernel takes frames for so many intervals; then the lease must have been renewed. */
export const LEASE = 2.5;
/** nft may take so many intervals. */
const PATIENCE = 1.25;

/**
 * Heartbeats for the sake of news are at least so many intervals apart. With 64 agents a change is news from 62 others, and to tell
 * 63 of each would be thousands of datagrams.
 */
const NEWS = 0.04;

/** What the agent can do. */
export interface AgentActions {
  /** Sends to all other backends. */
  send(heartbeat: Heartbeat): void;
  /**
   * Gives the kernel a lease, and these buckets in place of those before; when undefined, those before stay. One call at a
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
  readonly #actions: AgentActions;
  readonly #intervalMs: number;
  readonly #times: LeaseTimes;
  /** When it last sent a heartbeat. */
  #spokeMs: number;
  /** When the kernel was last given anything. */
  #gaveMs: number;
  /** What the kernel was last told to take; undefined: not known. */
  #given: BucketSet | undefined;
  #isGiving = false;
  #hasLink = true;
  /** When it last did anything. */
  #awakeMs: number;
  /** To be called when everything is let go; undefined: it stays. */
  #left: (() => void) | undefined;

  constructor(options: AgentOptions, actions: AgentActions, nowMs: number) {
    this.membership = new Membership({ ...options, deadMs: DEAD * options.intervalMs }, nowMs);
    this.#actions = actions;
    this.#intervalMs = options.intervalMs;
    this.#times = { leaseMs: LEASE * options.intervalMs, patienceMs: PATIENCE * options.intervalMs };
    this.#awakeMs = nowMs;
    this.#spokeMs = nowMs - options.intervalMs;
    this.#gaveMs = nowMs - options.intervalMs;
  }

  /** Lets time pass; to be called a few times an interval. `hasLink`: the machine's link is up. */
  tick(nowMs: number, hasLink = true): void {
    this.#hasLink = hasLink;
    this.#wake(nowMs);
    if (!hasLink) this.membership.loseTouch(nowMs);
    this.membership.tick(nowMs);
    this.#act(nowMs);
  }

  /** A heartbeat came whose HMAC is right. What is wrong with it, if anything. */
  hear(heartbeat: Heartbeat, nowMs: number): Alarm | undefined {
    this.#wake(nowMs);
    const alarm = this.membership.hear(heartbeat, nowMs);
    this.#act(nowMs);
    return alarm;
  }

  /** Lets everything go, says so, and then does nothing any more. Go on with `tick` until `left` is called. */
  leave(nowMs: number, left: () => void): void {
    this.#left = left;
    this.#act(nowMs);
  }

  /** Time that this process slept is no silence of the others. If they have not heard it for long, they may hold what it held. */
  #wake(nowMs: number): void {
    const sleptMs = nowMs - this.#awakeMs;
    this.#awakeMs = nowMs;
    if (sleptMs > this.#intervalMs) this.membership.sleep(sleptMs);
    if (nowMs - this.#spokeMs > this.#times.leaseMs) this.membership.loseTouch(nowMs);
  }

  #act(nowMs: number): void {
    const { membership } = this;
    const isDue = nowMs - this.#spokeMs >= this.#intervalMs;
    const isLeaving = this.#left !== undefined;
    const next = this.#isGiving || isLeaving ? undefined : membership.decide();
    const own = isLeaving ? membership.held.minus(membership.held) : next ?? membership.held;
    const isNew = this.#given === undefined || !own.equals(this.#given);
    if (!isNew) this.#given = own;
    const mustGive = !this.#isGiving && (isNew || nowMs - this.#gaveMs >= this.#intervalMs);
    const mayTell = this.#hasLink && nowMs - this.#spokeMs >= NEWS * this.#intervalMs;
    if (mustGive || isDue || (membership.hasNews && mayTell)) {
      this.#actions.send(membership.speak(nowMs));
      this.#spokeMs = nowMs;
    }
    if (!mustGive) return;
    this.#gaveMs = nowMs;
    this.#give(own, isNew);
  }

  #give(own: BucketSet, isNew: boolean): void {
    this.#isGiving = true;
    this.#actions.give(isNew ? own : undefined, this.#times, (isGiven, nowMs) => {
      this.#isGiving = false;
      this.#given = isGiven ? own : undefined;
      this.#wake(nowMs);
      if (!isGiven) return; // The next tick tries again.
      this.membership.holds(own);
      if (this.#left === undefined || own.size > 0) return this.#act(nowMs);
      this.#actions.send(this.membership.speak(nowMs, true));
      this.#left();
    });
  }
}
