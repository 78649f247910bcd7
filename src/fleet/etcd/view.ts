/**
 * One dispatcher's view of its fleet. It writes down what it finds, and reads what all have written, again and again:
 *
 *     turn   lease kept alive ── own finding put, if it is another one ── snapshot read ── followed
 *
 * A turn comes each TURN_MS, when the dispatcher finds something else, and when the bell rings (bell.ts). What counts is read in one
 * transaction, so a watch that is compacted, silent, or says a thousand things at once does no harm.
 *
 * It goes by the fleet's word as long as that is fresh. It is *alone*, and goes by its own, when
 *     - nothing was read for SILENT_MS;
 *     - what it has found is not confirmed by what it reads: at once when etcd just failed, else after WAIT_MS. So etcd delays no fail-over longer;
 *     - another dispatcher has its name;
 *     - etcd is behind (lag.ts).
 */

import type { Agreement, Decision, Finding } from "../../cluster/quorum.ts";
import type { Clock, Timer } from "../../system/clock.ts";
import { Bell } from "./bell.ts";
import { type Etcd, RefusedError, UnreachableError } from "./etcd.ts";
import { decisionIn, decisionText, type Keys, observationText } from "./keys.ts";
import { Lag } from "./lag.ts";
import { readSnapshot, type SharedText, type Snapshot } from "./snapshot.ts";
import { type Self, Word } from "./word.ts";

export const TURN_MS = 2000;
/** Three turns that fail. */
export const SILENT_MS = 6500;
export const WAIT_MS = 1000;
/** After a failure; each one waits twice as long as the one before, up to a turn. */
const RETRY_MS = 250;
/** The same for what etcd refuses. */
const REFUSED_MS = 15_000;
/** Between the beginnings of two turns, whatever rings. */
const LEAST_MS = 25;

const BEHIND =
  "etcd is behind: it was perhaps restored from an older copy; push the configuration that is to hold";

export interface Follower {
  /** What it finds by itself; nothing of clusters that start. */
  finding(): Finding;
  /**
   * Goes on by this configuration. Resolves with whether it does: it may refuse it, and tells the log why.
   */
  adopt(shared: SharedText): Promise<boolean>;
  /** Goes by this from now on. */
  agree(agreement: Agreement): void;
  /** Tells the log. */
  told(news: News): void;
}

export type News =
  | { readonly kind: "agreed"; readonly revision: number; readonly observers: readonly string[] }
  | { readonly kind: "alone"; readonly reason: string }
  | { readonly kind: "behind"; readonly reason: string }
  | { readonly kind: "nonsense"; readonly keys: readonly string[] };

export interface ViewStatus {
  readonly name: string;
  /** The one that is asked first. */
  readonly endpoint: string;
  readonly isAlone: boolean;
  /** Null while it is not alone. */
  readonly why: string | null;
  /** By the clock: since when it is alone, or is not. */
  readonly sinceMs: number;
  /** Of the configuration that it runs by; 0: that of its file. */
  readonly revision: number;
  /** That etcd has, and that it does not go by. */
  readonly refused: number | null;
  /** Whose word counts, the alone ones among them. */
  readonly dispatchers: readonly { readonly name: string; readonly revision: number }[];
}

export interface ViewCounts {
  /** How often it went alone. */
  readonly alone: number;
  /** How often etcd was found behind. */
  readonly behind: number;
  /** Configurations that it would not go by. */
  readonly refused: number;
  /** Watches that were begun. */
  readonly watches: number;
}

export class View {
  readonly #counts = { alone: 0, refused: 0 };
  readonly #etcd: Etcd;
  readonly #keys: Keys;
  readonly #self: Self;
  readonly #clock: Clock;
  readonly #follower: Follower;
  readonly #word: Word;
  readonly #bell: Bell;
  readonly #lag = new Lag();
  #snapshot: Snapshot | undefined;
  /** The configuration that it runs by. */
  #adopted: SharedText | undefined;
  #refused: number | undefined;
  /** By the clock: when the turn began that has last read. */
  #readMs = -Infinity;
  /** Since when what it finds is not what it reads of itself. */
  #pendingSinceMs: number | undefined;
  #failure: string | undefined;
  #failures = 0;
  #isRefused = false;
  #isAlone = true;
  #why = "etcd was not asked yet";
  #sinceMs: number;
  #isTurning = false;
  #isRung = false;
  #turnMs = -Infinity;
  #timer: Timer | undefined;
  #deadline: Timer | undefined;
  #isStopped = false;
  #toldNonsense = "";
  /** What it last had the dispatcher go by. */
  #agreed: string | undefined;
  #lastDecisions: readonly Decision[] | undefined;
  readonly #waiting = new Set<{ readonly revision: number; readonly done: () => void }>();

  /** `adopted`: by which the dispatcher was started. */
  constructor(
    etcd: Etcd,
    keys: Keys,
    self: Self,
    clock: Clock,
    follower: Follower,
    adopted: SharedText | undefined,
  ) {
    this.#etcd = etcd;
    this.#keys = keys;
    this.#self = self;
    this.#clock = clock;
    this.#follower = follower;
    this.#word = new Word(etcd, keys, self);
    this.#bell = new Bell(etcd, `${keys.prefix}/`, () => this.#ring());
    this.#adopted = adopted;
    this.#sinceMs = clock.now();
  }

  start(): void {
    void this.#turn();
  }

  /** The dispatcher may find something else. */
  found(): void {
    this.#pend();
    if (this.#pendingSinceMs !== undefined) {
      this.#judge();
      this.#ring();
    }
  }

  /**
   * Writes down what people decide of a backend, given what was decided before. Resolves when this dispatcher goes by it. Throws when
   * etcd does not take it.
   */
  async decide(
    of: Pick<Decision, "cluster" | "backend">,
    decision: (before: Decision | undefined) => Decision,
  ): Promise<void> {
    if (this.#lag.isBehind) throw new RefusedError(BEHIND);
    const key = this.#keys.decision(of);
    const { ranges: [there = []] } = await this.#etcd.transact([], [{ range: key }]);
    const next = decision(there[0] && decisionIn(there[0]));
    const isAsConfigured = next.state === "active" && next.weight === null;
    const { revision, succeeded } = await this.#etcd.transact(
      [{ key, revision: there[0]?.revision ?? 0 }],
      [isAsConfigured ? { delete: key } : { put: key, value: decisionText(next) }],
    );
    if (!succeeded) {
      throw new RefusedError("somebody else decided of this backend at the same time; ask again");
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = { revision, done: resolve };
    this.#waiting.add(waiting);
    const timer = this.#clock.after(WAIT_MS, resolve);
    this.#ring();
    await promise;
    timer.cancel();
    this.#waiting.delete(waiting);
  }

  /** The configuration that it runs by; undefined: that of its file. */
  get adopted(): SharedText | undefined {
    return this.#adopted;
  }

  status(): ViewStatus {
    return {
      name: this.#self.name,
      endpoint: this.#etcd.endpoint,
      isAlone: this.#isAlone,
      why: this.#isAlone ? this.#why : null,
      sinceMs: this.#sinceMs,
      revision: this.#adopted?.revision ?? 0,
      refused: this.#refused ?? null,
      dispatchers: (this.#snapshot?.observers ?? []).map(({ name, revision }) => ({ name, revision })),
    };
  }

  get counts(): ViewCounts {
    return { ...this.#counts, behind: this.#lag.times, watches: this.#bell.watches };
  }

  /** What it last read of etcd. */
  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  /** Nothing happens by itself any more; its word counts until its lease is over. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#deadline?.cancel();
    this.#bell.stop();
    for (const { done } of this.#waiting) done();
  }

  /** The same, and its word counts no more. */
  async leave(): Promise<void> {
    this.stop();
    await this.#word.takeBack();
  }

  #ring(): void {
    this.#isRung = true;
    if (!this.#isTurning) this.#next(LEAST_MS);
  }

  /** The next turn comes in so long, or earlier. */
  #next(ms: number): void {
    if (this.#isStopped) return;
    this.#timer?.cancel();
    const afterMs = Math.max(ms, this.#turnMs + LEAST_MS - this.#clock.now());
    this.#timer = this.#clock.after(afterMs, () => void this.#turn());
  }

  async #turn(): Promise<void> {
    if (this.#isTurning || this.#isStopped) return;
    this.#isTurning = true;
    this.#isRung = false;
    this.#timer?.cancel();
    this.#turnMs = this.#clock.now();
    try {
      await this.#exchange(this.#turnMs);
      this.#failure = undefined;
      this.#failures = 0;
    } catch (error) {
      this.#failure = (error as Error).message;
      this.#failures++;
      this.#isRefused = !(error instanceof UnreachableError);
      if (this.#isRefused) this.#word.forgetLease();
    }
    this.#isTurning = false;
    if (this.#isStopped) return;
    this.#pend();
    this.#judge();
    const isDue = this.#isRung || (this.#pendingSinceMs !== undefined && !this.#word.isNameTaken);
    this.#next(this.#failures > 0 ? this.#retryMs : isDue ? LEAST_MS : TURN_MS);
  }

  /** It takes etcd much to see that a password is wrong. */
  get #retryMs(): number {
    const mostMs = this.#isRefused ? REFUSED_MS : TURN_MS;
    return Math.min(mostMs, RETRY_MS * 2 ** (this.#failures - 1));
  }

  async #exchange(beganMs: number): Promise<void> {
    const word = this.#observation();
    await this.#word.give(word, word !== undefined && this.#isConfirmed(word), beganMs);
    const before = this.#snapshot;
    const snapshot = await readSnapshot(this.#etcd, this.#keys, before?.configuration);
    if (this.#isStopped) return;
    this.#readMs = beganMs;
    this.#snapshot = snapshot;
    this.#tellNonsense(snapshot);
    this.#bell.from(snapshot, before, this.#clock.now());
    const reason = this.#lag.look(snapshot, this.#adopted);
    if (reason !== undefined) this.#follower.told({ kind: "behind", reason });
    if (this.#lag.isBehind) return;
    await this.#adopt(snapshot.configuration);
    // What is confirmed by this, or is not, is known before it is followed.
    this.#pend();
    this.#judge();
    for (const one of this.#waiting) if (one.revision <= snapshot.revision) one.done();
  }

  /** Undefined while it has no word yet. */
  #observation(): string | undefined {
    const finding = this.#follower.finding();
    if (Object.keys(finding).length === 0) return undefined;
    return observationText({ mac: this.#self.mac, revision: this.#adopted?.revision ?? 0, finding });
  }

  /** Does etcd have what it finds? */
  #isConfirmed(value: string): boolean {
    const own = this.#snapshot?.observers.find(({ name, mac }) =>
      name === this.#self.name && mac === this.#self.mac
    );
    return own !== undefined && observationText(own) === value;
  }

  #pend(): void {
    const value = this.#observation();
    if (value === undefined || this.#isConfirmed(value)) this.#pendingSinceMs = undefined;
    else this.#pendingSinceMs ??= this.#clock.now();
  }

  async #adopt(shared: SharedText | undefined): Promise<void> {
    if (shared === undefined || shared.revision === this.#adopted?.revision) return;
    if (shared.text === this.#adopted?.text) {
      this.#adopted = shared;
      return;
    }
    if (shared.revision === this.#refused) return;
    if (await this.#follower.adopt(shared)) {
      this.#adopted = shared;
      this.#refused = undefined;
    } else {
      this.#refused = shared.revision;
      this.#counts.refused++;
    }
  }

  /** Is it alone, and does that change anything? */
  #judge(): void {
    if (this.#isStopped) return;
    const nowMs = this.#clock.now();
    const why = this.#whyAlone(nowMs);
    const isNew = (why !== undefined) !== this.#isAlone;
    this.#isAlone = why !== undefined;
    if (why !== undefined) this.#why = why;
    if (isNew) {
      this.#sinceMs = nowMs;
      if (why !== undefined) this.#counts.alone++;
      this.#follower.told(
        why === undefined
          ? {
            kind: "agreed",
            revision: this.#adopted?.revision ?? 0,
            observers: this.#snapshot!.observers.map(({ name }) => name),
          }
          : { kind: "alone", reason: why },
      );
    }
    this.#follow();
    this.#deadline?.cancel();
    const dueMs = Math.min(this.#readMs + SILENT_MS, (this.#pendingSinceMs ?? Infinity) + WAIT_MS);
    if (!this.#isAlone && dueMs !== Infinity) {
      this.#deadline = this.#clock.after(Math.max(1, dueMs - nowMs), () => this.#judge());
    }
  }

  #whyAlone(nowMs: number): string | undefined {
    if (this.#lag.isBehind) return BEHIND;
    if (this.#word.isNameTaken) {
      return `another dispatcher has the name ${this.#self.name}: give each one its own with fleet.etcd.name`;
    }
    if (this.#readMs === -Infinity) return this.#failure ?? "etcd was not asked yet";
    if (nowMs - this.#readMs >= SILENT_MS) return this.#failure ?? "etcd is slow";
    if (this.#pendingSinceMs === undefined) return undefined;
    if (this.#failure !== undefined) return this.#failure;
    return nowMs - this.#pendingSinceMs >= WAIT_MS
      ? "etcd has not taken what this dispatcher finds"
      : undefined;
  }

  #follow(): void {
    const decisions = this.#decisions();
    if (decisions === undefined) return; // It has never read anything.
    const findings = this.#isAlone ? null : this.#snapshot!.observers.map(({ finding }) => finding);
    const agreement: Agreement = { findings, decisions };
    const text = JSON.stringify(agreement);
    if (text === this.#agreed) return;
    this.#agreed = text;
    this.#follower.agree(agreement);
  }

  /** While etcd is behind, those of before. */
  #decisions(): readonly Decision[] | undefined {
    if (!this.#lag.isBehind && this.#snapshot !== undefined) {
      this.#lastDecisions = this.#snapshot.decisions;
    }
    return this.#lastDecisions;
  }

  #tellNonsense({ nonsense }: Snapshot): void {
    const text = nonsense.join(" ");
    if (text !== this.#toldNonsense && text !== "") this.#follower.told({ kind: "nonsense", keys: nonsense });
    this.#toldNonsense = text;
  }
}
