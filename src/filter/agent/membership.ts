/**
 * Which buckets this backend may hold: who else is there, and who has let go. A state machine over heartbeats and time, pure.
 *
 * A bucket changes hands in this order, and so never has two owners among backends that hear each other:
 *
 *     loser    live set changes ── let go in the kernel ── say so
 *     winner   live set changes ──────────────────────────────── all others agree and hold it no more ── take, say so
 *
 * - A backend is *present* while it answers: its heartbeats echo one of ours sent less than `deadMs` ago. So both ways work,
 *   and a recorded heartbeat counts for nothing: what was sent before ours cannot name it.
 * - The *live set* is whoever is present here or to a backend that is present here.
 * - Letting go needs no permission. Taking needs the permission of every other backend of the live set: its last heartbeat must
 *   name the same live set, must have been sent after it heard that this is ours, and must not hold the bucket. Why that
 *   suffices: to take the bucket later, the other needs another live set first, and then a heartbeat of ours that was sent after
 *   we heard of that set and does not hold the bucket. By then our heartbeats hold the bucket, or we have let it go.
 * - A backend that is gone is not asked. Its kernel takes nothing any more, because a filter's lease is shorter than `deadMs`.
 * - A backend that should have others but hears none keeps and takes only its share of the base map.
 * - A heartbeat of another configuration changes nothing: its sender stays what it was, present or gone.
 */

import type { BucketSet } from "../rules/bucket_set.ts";
import { type Beat, type Heartbeat, liveKey } from "./heartbeat.ts";

/** What is wrong with a heartbeat, or with the cluster that it tells of. */
export type Alarm = "unknown" | "duplicate" | "stale" | "configuration" | "one-way" | "split";

export interface MembershipOptions {
  /** This backend. */
  readonly self: string;
  /** All backends of the cluster. */
  readonly names: readonly string[];
  readonly digest: string;
  readonly boot: number;
  /** A backend that has not answered for so long is gone. */
  readonly deadMs: number;
  /** What a backend owns under a live set. */
  owned(name: string, live: string): BucketSet;
  /** What a heartbeat says is held. */
  decode(held: Uint8Array): BucketSet;
}

/** Another backend. */
interface Peer {
  /** Present until shown otherwise, so that nothing is taken before it could speak. */
  isPresent: boolean;
  answeredMs: number;
  /** From its last heartbeat that answered us. True while it is present. */
  statement: Statement | undefined;
  /** Its last heartbeat of any kind. Ours echo it, so that it can see that we answer. */
  heard: Beat | undefined;
  /** Since when it has been heard without answering us. */
  unansweredMs: number | undefined;
}

/** What another backend says of itself. */
interface Statement extends Beat {
  readonly live: string;
  readonly hears: readonly string[];
  readonly held: BucketSet;
  /** The last heartbeat of ours that it had had. */
  readonly echoSeq: number;
  /** Its configuration is another, so that the rest means nothing here. */
  readonly isForeign: boolean;
}

export class Membership {
  /** Grows by one with every change of the live set. */
  epoch = 0;
  /** The others should hear at once what has changed. */
  hasNews = true;
  readonly #options: MembershipOptions;
  readonly #peers: ReadonlyMap<string, Peer>;
  #live: string;
  #seq = 0;
  /** The first heartbeat that names this live set. */
  #liveSeq = 1;
  /** Heartbeats sent less than `deadMs` ago. */
  #sent: { readonly seq: number; readonly atMs: number }[] = [];
  /** What the kernel takes, or may take while a change is under way. */
  #held: BucketSet;
  readonly #none: BucketSet;
  #mustLetGo = false;

  constructor(options: MembershipOptions, nowMs: number) {
    this.#options = options;
    const others = options.names.filter((name) => name !== options.self);
    this.#peers = new Map(
      others.map((name) => [name, {
        isPresent: true,
        answeredMs: nowMs,
        statement: undefined,
        heard: undefined,
        unansweredMs: undefined,
      }]),
    );
    this.#live = liveKey(options.names);
    const own = options.owned(options.self, this.#live);
    this.#none = own.minus(own);
    this.#held = this.#none;
  }

  get live(): string {
    return this.#live;
  }

  get held(): BucketSet {
    return this.#held;
  }

  /** There should be others, and none answers. */
  get isAlone(): boolean {
    return this.#peers.size > 0 && this.#live === this.#options.self;
  }

  /** The backends whose permission is missing. */
  get waitsFor(): string[] {
    return this.#others().filter((name) => !this.#agrees(name));
  }

  /** The next heartbeat, to be sent now. */
  speak(nowMs: number, isLeaving = false): Heartbeat {
    this.#seq++;
    this.#sent = [...this.#sent.filter(({ atMs }) => nowMs - atMs < this.#options.deadMs), {
      seq: this.#seq,
      atMs: nowMs,
    }];
    this.hasNews = false;
    const { self, boot, digest } = this.#options;
    const peers = [...this.#peers];
    const isSettled = this.#held.equals(this.#options.owned(self, this.#live));
    return {
      digest,
      name: self,
      boot,
      seq: this.#seq,
      live: this.#live,
      hears: peers.filter(([, { isPresent, statement }]) => isPresent && statement !== undefined).map((
        [name],
      ) => name),
      echo: Object.fromEntries(
        peers.flatMap(([name, { heard }]) => heard === undefined ? [] : [[name, heard]]),
      ),
      held: isSettled ? undefined : this.#held.toOctets(),
      isLeaving,
    };
  }

  /** A heartbeat came whose HMAC is right. What is wrong with it, if anything. */
  hear(heartbeat: Heartbeat, nowMs: number): Alarm | undefined {
    const { self, boot } = this.#options;
    const { name } = heartbeat;
    if (name === self) return heartbeat.boot === boot ? "stale" : "duplicate";
    const peer = this.#peers.get(name);
    if (peer === undefined) return "unknown";
    const answered = heartbeat.echo[self];
    const isAnswer = answered?.boot === boot && this.#isRecent(answered.seq, nowMs);
    const isNewLife = peer.heard?.boot !== heartbeat.boot;
    const isStale = !isNewer(heartbeat, peer.heard) && !(isNewLife && isAnswer);
    // A clock that went back makes a new life look old. Once its backend is gone, an answer to us shows that it is new.
    if (isStale && (peer.isPresent || !isNewLife)) return "stale";
    peer.heard = { boot: heartbeat.boot, seq: heartbeat.seq };
    if (isNewLife) this.hasNews = true; // It can answer only what it has heard.
    if (isAnswer) {
      peer.unansweredMs = undefined;
      return this.#listen(peer, heartbeat, answered.seq, nowMs);
    }
    peer.unansweredMs ??= nowMs;
    if (isStale) return "stale";
    return !peer.isPresent && nowMs - peer.unansweredMs >= this.#options.deadMs ? "one-way" : undefined;
  }

  #listen(peer: Peer, heartbeat: Heartbeat, echoSeq: number, nowMs: number): Alarm | undefined {
    const { digest, owned, decode } = this.#options;
    const { name, boot, seq, live, isLeaving } = heartbeat;
    // Who has the key may name anybody; only the cluster's own backends can be live.
    const hears = heartbeat.hears.filter((heard) => heard === this.#options.self || this.#peers.has(heard));
    const isForeign = heartbeat.digest !== digest;
    if (isForeign) {
      if (!peer.isPresent) return "configuration";
      peer.answeredMs = nowMs;
      peer.statement = { boot, seq, live, hears: [], held: this.#none, echoSeq, isForeign };
      return "configuration";
    }
    const held = heartbeat.held === undefined ? owned(name, live) : decode(heartbeat.held);
    const before = peer.statement;
    const isSame = peer.isPresent && before?.boot === boot && before.live === live &&
      before.held.equals(held);
    if (!isSame) this.hasNews = true;
    peer.statement = { boot, seq, live, hears, held, echoSeq, isForeign };
    peer.isPresent = !isLeaving;
    peer.answeredMs = nowMs;
    const isSplit = !isSame && peer.isPresent && held.meets(this.#held);
    // Most heartbeats say what the one before did.
    const hearsSame = isSame && before.hears.join() === hears.join();
    if (!hearsSame || isLeaving) this.#updateLive();
    return isSplit ? "split" : undefined;
  }

  /** Lets time pass. */
  tick(nowMs: number): void {
    for (const peer of this.#peers.values()) {
      if (nowMs - peer.answeredMs >= this.#options.deadMs) peer.isPresent = false;
    }
    this.#updateLive();
  }

  /** This process did nothing for so long, and heard nothing: that is no silence of the others. */
  sleep(sleptMs: number): void {
    for (const peer of this.#peers.values()) peer.answeredMs += sleptMs;
  }

  /** What the kernel should take from now on; undefined when it does already. It counts as held until `holds` says otherwise. */
  decide(): BucketSet | undefined {
    const { self, names, owned } = this.#options;
    const want = owned(self, this.isAlone ? liveKey(names) : this.#live);
    if (!this.#mustLetGo && this.#held.equals(want)) {
      this.#held = want; // The next time they are the same without a look.
      return undefined;
    }
    let next = this.#mustLetGo ? this.#none : this.#held.and(want);
    if (!this.#mustLetGo && !next.equals(want) && this.#others().every((name) => this.#agrees(name))) {
      const free = this.#others().reduce(
        (left, name) => left.minus(this.#peers.get(name)!.statement!.held),
        want,
      );
      next = next.or(free);
    }
    this.#mustLetGo &&= this.#held.size > 0;
    if (next.equals(this.#held)) return undefined;
    this.#held = this.#held.or(next);
    return next;
  }

  /** The kernel has done what `decide` said. */
  holds(buckets: BucketSet): void {
    if (this.#held.equals(buckets)) return;
    this.#held = buckets;
    this.hasNews = true;
  }

  /**
   * This backend does not know what the others have done meanwhile. It lets everything go, and is then as if it had just
   * started, except that who was gone stays gone, unless all were: if such a one is back, one of those who were present knows.
   */
  loseTouch(nowMs: number): void {
    this.#mustLetGo = true;
    const isAnyPresent = [...this.#peers.values()].some(({ isPresent }) => isPresent);
    for (const peer of this.#peers.values()) {
      peer.isPresent ||= !isAnyPresent;
      peer.answeredMs = nowMs;
      peer.statement = undefined;
    }
    this.#updateLive();
    this.#liveSeq = this.#seq + 1;
    this.hasNews = true;
  }

  /** The live set follows from who is present and whom those hear. */
  #updateLive(): void {
    const peers = [...this.#peers];
    const present = peers.filter(([, { isPresent }]) => isPresent);
    const heard = peers.filter(([name, { isPresent }]) =>
      !isPresent && present.some(([, { statement }]) => statement?.hears.includes(name))
    );
    const live = liveKey([this.#options.self, ...[...present, ...heard].map(([name]) => name)]);
    if (live === this.#live) return;
    this.#live = live;
    this.#liveSeq = this.#seq + 1;
    this.epoch++;
    this.hasNews = true;
  }

  /** The other backends of the live set. */
  #others(): string[] {
    return this.#live.split(",").filter((name) => name !== this.#options.self);
  }

  /** Whether a backend of the live set permits taking what it does not hold. */
  #agrees(name: string): boolean {
    const { isPresent, statement } = this.#peers.get(name)!;
    return isPresent && statement !== undefined && !statement.isForeign && statement.live === this.#live &&
      statement.echoSeq >= this.#liveSeq;
  }

  #isRecent(seq: number, nowMs: number): boolean {
    return this.#sent.some((sent) => sent.seq === seq && nowMs - sent.atMs < this.#options.deadMs);
  }
}

/** Was this beat sent after the other? */
function isNewer(beat: Beat, than: Beat | undefined): boolean {
  if (than === undefined || beat.boot > than.boot) return true;
  return beat.boot === than.boot && beat.seq > than.seq;
}
