/**
 * Which one of some routers is active for the addresses that they share in one family: the state machine of VRRP version 3, RFC 9568
 * section 6.4.
 *
 *     initialize ── start ──▶ backup ── nothing heard for Active_Down, or Skew_Time after one stops ──▶ active
 *          ▲                    ▲                                                                          │
 *          └──────────────── stop ◀── a higher priority is heard, or the same from a higher address ──────┘
 *
 * Here no connection is remembered, so two that forward at once do no harm, and a gap does. Therefore who leaves, because it stops or
 * because it stood still, forwards on until it hears the next one, or nobody else can be there.
 */

import type { Clock, Timer } from "../system/clock.ts";
import { octetsOf } from "../wire/address.ts";
import { STOPS } from "../wire/vrrp.ts";

export type RouterState = "initialize" | "backup" | "active";

/** An advertisement of another router that is valid. */
export interface Advertisement {
  /** Its source, canonical text. */
  readonly from: string;
  readonly priority: number;
  readonly intervalMs: number;
}

export interface RouterSettings {
  /** 1 to 254. */
  readonly priority: number;
  readonly intervalMs: number;
  readonly preempt: boolean;
  /** The source of its advertisements. */
  readonly address: string;
}

export interface RouterEvents {
  advertise(priority: number): void;
  /** By the clock: when somebody has advertised in its place, while it was late itself; never: minus infinity. */
  standInMs(): number;
  /** It is in another state, or forwards from now on, or does not any more. */
  changed(was: RouterState): void;
  /** Another one says that it is active while this one is. */
  split(other: Advertisement): void;
  /** Called before time decides anything, so that an advertisement that waits to be read is not too late. */
  catchUp(): void;
  /** Is it ready to take over from one that serves? */
  mayPreempt(): boolean;
}

/** What it knows, for whoever goes on in its place. */
export interface RouterRecord {
  readonly state: RouterState;
  readonly forwards: boolean;
  readonly sinceMs: number;
  readonly why: string;
  readonly sentMs: number;
  readonly activeIntervalMs: number;
  readonly other: Advertisement | null;
  readonly counts: RouterCounts;
}

export interface RouterCounts {
  readonly sent: number;
  readonly heard: number;
  /** How often it became active. */
  readonly takeovers: number;
  /** How often another one was active at the same time. */
  readonly splits: number;
}

/** Another one that is active is answered at once, but no two answers are closer than the shortest interval that there is. */
const LEAST_ASSERTED_MS = 10;
/** So long a frame may be on its way to one that stops when bridges know already that another one is active. */
const ON_THE_WAY_MS = 10;
/** The longest that one that stops forwards on. */
const MOST_LEAVING_MS = 10_000;

export class VirtualRouter {
  readonly #settings: RouterSettings;
  readonly #clock: Clock;
  readonly #events: RouterEvents;
  #state: RouterState = "initialize";
  #forwards = false;
  #sinceMs: number;
  #why = "it has not begun";
  #sentMs = -Infinity;
  /** Of the active one, as it says itself. */
  #activeIntervalMs: number;
  /** The last one that was heard. */
  #other: Advertisement | undefined;
  #splitMs = -Infinity;
  #counts = { sent: 0, heard: 0, takeovers: 0, splits: 0 };
  #timer: Timer | undefined;
  #isLeaving = false;
  #isResting = false;
  #left: ((isTaken: boolean) => void) | undefined;

  constructor(settings: RouterSettings, clock: Clock, events: RouterEvents) {
    this.#settings = settings;
    this.#clock = clock;
    this.#events = events;
    this.#sinceMs = clock.now();
    this.#activeIntervalMs = settings.intervalMs;
  }

  get state(): RouterState {
    return this.#state;
  }

  /** Frames to the virtual MAC are its own, and it answers for the shared addresses. */
  get forwards(): boolean {
    return this.#forwards;
  }

  get sinceMs(): number {
    return this.#sinceMs;
  }

  get why(): string {
    return this.#why;
  }

  /** The last one that was heard. */
  get other(): Advertisement | undefined {
    return this.#other;
  }

  /** It is active, and nobody has had a reason to doubt it. */
  get isHeard(): boolean {
    return this.#state === "active" && !this.#isSilent;
  }

  get counts(): RouterCounts {
    return this.#counts;
  }

  /** Skew_Time, section 6.1: the higher the priority, the sooner. */
  get skewMs(): number {
    return (256 - this.#settings.priority) * this.#activeIntervalMs / 256;
  }

  /** Active_Down_Interval, section 6.1. */
  get activeDownMs(): number {
    return 3 * this.#activeIntervalMs + this.skewMs;
  }

  /** Section 6.4.1. Priority 255, of an owner, is none that it can have. */
  start(): void {
    this.#become("backup", "it has begun, and waits whether another one is active");
    this.#awaitActive();
  }

  /** What another router says. */
  heard(advertisement: Advertisement): void {
    // Our own words, which somebody passes on.
    if (this.#isResting || advertisement.from === this.#settings.address) return;
    this.#counts.heard++;
    this.#noticeSilence();
    const isFirst = this.#other === undefined;
    this.#other = advertisement;
    if (this.#state === "active") this.#heardWhileActive(advertisement);
    else if (this.#state === "backup") this.#heardWhileBackup(advertisement, isFirst);
    else if (this.#left !== undefined && advertisement.priority !== STOPS) this.#leaveSoon(advertisement);
  }

  /**
   * A stop that is meant. Resolves when nobody needs this one any more: to true when another one is active, to false when nobody else
   * can be there.
   */
  async stop(): Promise<boolean> {
    this.#noticeSilence();
    this.#timer?.cancel();
    const was = this.#state;
    if (was === "active") this.#advertise(STOPS);
    this.#become("initialize", "it stops", this.#forwards);
    if (!this.#forwards) return was === "backup";
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#left = resolve;
    this.#after(
      Math.min(MOST_LEAVING_MS, this.activeDownMs),
      () => this.#leave("no other one was heard", false),
    );
    return await promise;
  }

  /** Nothing happens any more, whatever is heard; nobody is told. */
  rest(): void {
    this.#isResting = true;
    this.#timer?.cancel();
    this.#left?.(false);
  }

  record(): RouterRecord {
    return {
      state: this.#state,
      forwards: this.#forwards,
      sinceMs: this.#sinceMs,
      why: this.#why,
      sentMs: this.#lastMs,
      activeIntervalMs: this.#activeIntervalMs,
      other: this.#other ?? null,
      counts: { ...this.#counts },
    };
  }

  /** Stands where another one stood. Then comes `goOn`. */
  adopt({ other, counts, ...record }: RouterRecord): void {
    this.#state = record.state;
    this.#forwards = record.forwards;
    this.#sinceMs = record.sinceMs;
    this.#why = record.why;
    this.#sentMs = record.sentMs;
    this.#activeIntervalMs = record.activeIntervalMs;
    this.#other = other ?? undefined;
    this.#counts = { ...counts };
  }

  /** Stands in the place of one of which nothing is known: it may have been active. */
  assume(): void {
    this.#state = "backup";
    this.#forwards = true;
    this.#sinceMs = this.#clock.now();
    this.#why = "it goes on in the place of one that may have been active";
  }

  /** Starts; or goes on from where another one stood, whose time was not its own. */
  goOn(): void {
    if (this.#state === "initialize") return this.start();
    if (this.#state === "backup") return this.#awaitActive();
    this.#noticeSilence();
    if (this.#state === "active") this.#keepSaying();
  }

  /** Section 6.4.2. */
  #heardWhileBackup({ from, priority, intervalMs }: Advertisement, isFirst: boolean): void {
    if (priority === STOPS) return this.#after(this.skewMs, () => this.#takeOver(`${from} stops`));
    if (this.#preempts(priority)) return;
    this.#activeIntervalMs = intervalMs;
    if (this.#forwards || isFirst) this.#become("backup", `${from} is active`);
    this.#awaitActive();
  }

  /** Section 6.4.3. */
  #heardWhileActive(other: Advertisement): void {
    const { from, priority, intervalMs } = other;
    const own = this.#settings;
    if (priority === STOPS) return this.#keepSaying();
    if (priority > own.priority || (priority === own.priority && isHigher(from, own.address))) {
      // Who preempts takes over from one that serves. Nobody else does who has heard it.
      if (priority === own.priority || !own.preempt) this.#noticeSplit(other);
      const why = priority > own.priority ? `priority ${priority}` : "the same priority and a higher address";
      this.#activeIntervalMs = intervalMs;
      this.#become("backup", `${from} is active with ${why}`);
      return this.#awaitActive();
    }
    this.#noticeSplit(other);
    if (this.#clock.now() - this.#sentMs >= LEAST_ASSERTED_MS) this.#advertise(own.priority);
  }

  /** Does it go past an active one of this priority? */
  #preempts(priority: number): boolean {
    const { preempt, priority: own } = this.#settings;
    return preempt && priority < own && this.#events.mayPreempt();
  }

  /** The Active_Down_Timer begins anew. */
  #awaitActive(): void {
    this.#after(this.activeDownMs, () => this.#takeOver(this.#silence()), this.#activeIntervalMs);
  }

  #silence(): string {
    const other = this.#other;
    if (this.#forwards) return "no other one has taken its place";
    if (other === undefined) return "no other one was heard";
    if (other.priority === STOPS) return `${other.from} stops`;
    return this.#preempts(other.priority)
      ? `its priority is higher than that of ${other.from}, ${other.priority}`
      : `${other.from} was not heard for ${formatSeconds(this.activeDownMs)}`;
  }

  #takeOver(why: string): void {
    this.#counts.takeovers++;
    this.#activeIntervalMs = this.#settings.intervalMs;
    this.#become("active", why, true);
    this.#keepSaying();
  }

  /** Says that it is active, and again after each interval. */
  #keepSaying(): void {
    this.#advertise(this.#settings.priority);
    this.#after(this.#settings.intervalMs, () => {
      this.#noticeSilence();
      if (this.#state === "active") this.#keepSaying();
    });
  }

  #advertise(priority: number): void {
    this.#counts.sent++;
    this.#sentMs = this.#clock.now();
    this.#events.advertise(priority);
  }

  /** Who was silent for so long that another one may be active is a backup again, until it is clear that there is none. */
  #noticeSilence(): void {
    if (this.#state !== "active" || !this.#isSilent) return;
    this.#become("backup", `it stood still for ${formatSeconds(this.#clock.now() - this.#lastMs)}`, true);
    this.#awaitActive();
  }

  /** It has not advertised for so long that another one may be active. */
  get #isSilent(): boolean {
    return this.#clock.now() - this.#lastMs >= this.activeDownMs;
  }

  /** When it advertised last, or somebody in its place. */
  get #lastMs(): number {
    return Math.max(this.#sentMs, this.#events.standInMs());
  }

  /** While one takes over from the other, both are active for an interval. */
  #noticeSplit(other: Advertisement): void {
    const nowMs = this.#clock.now();
    const graceMs = Math.max(other.intervalMs, this.#settings.intervalMs);
    if (nowMs - this.#sinceMs <= graceMs) return;
    const isNew = nowMs - this.#splitMs > 4 * graceMs;
    this.#splitMs = nowMs;
    if (!isNew) return;
    this.#counts.splits++;
    this.#events.split(other);
  }

  /** After a stop, another one serves. What is on its way here already still goes on. */
  #leaveSoon({ from }: Advertisement): void {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    this.#after(ON_THE_WAY_MS, () => this.#leave(`${from} is active`, true));
  }

  /** After a stop, another one serves, or nobody does. */
  #leave(why: string, isTaken: boolean): void {
    this.#timer?.cancel();
    if (this.#forwards) this.#become("initialize", why);
    this.#left?.(isTaken);
  }

  #become(state: RouterState, why: string, forwards = false): void {
    const was = this.#state;
    this.#state = state;
    this.#forwards = forwards;
    this.#why = why;
    if (state !== was) this.#sinceMs = this.#clock.now();
    this.#events.changed(was);
  }

  /**
   * The one timer begins anew. Who is called later than `mostLateMs` may not have been able to hear, and waits once more for as long as
   * an active one takes to say so.
   */
  #after(delayMs: number, call: () => void, mostLateMs = Infinity): void {
    this.#timer?.cancel();
    const dueMs = this.#clock.now() + delayMs;
    const timer = this.#timer = this.#clock.after(delayMs, () => {
      const isLate = this.#clock.now() - dueMs > mostLateMs;
      this.#events.catchUp();
      if (this.#timer !== timer) return;
      if (isLate) this.#after(1.5 * this.#activeIntervalMs, call);
      else call();
    });
  }
}

/** By the octets in network order, without sign. */
function isHigher(one: string, other: string): boolean {
  const [ones, others] = [octetsOf(one), octetsOf(other)];
  const at = ones.findIndex((octet, index) => octet !== others[index]);
  return at >= 0 && ones[at]! > others[at]!;
}

/** Such as `0.18 s`. */
function formatSeconds(ms: number): string {
  return `${Number((ms / 1000).toPrecision(2))} s`;
}
