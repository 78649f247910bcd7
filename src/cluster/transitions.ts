/**
 * Which buckets of a cluster are in transition, from whom, and who may still have connections of them:
 *
 *     O answers, N owns the bucket now          in transition: N gets what is new, O keeps what it has
 *     then M owns it                            still: M gets what is new, N keeps what is remembered with it, O the rest
 *     O dies                                    the rest are the owner's; N keeps what is remembered with it
 *     nothing has gone to O and N for `idle`,   over
 *     or the bucket has not moved for `most`
 *
 * Backends are meant by their index in the configuration, buckets by their number within the cluster. What is known of a bucket
 * stands in arrays, because tens of thousands may begin at once:
 *
 *     former    its first former owner, or NO_BACKEND when it is not in transition
 *     more      its other former owners, if it has any
 *     old       who has the connections that are not remembered, or NO_BACKEND
 *     moved     by the clock, when it last moved
 */

import { NO_BACKEND } from "../table/bucket_map.ts";

/** What a map's change means for the transitions. */
export interface Followed {
  /** Buckets in transition that were not before. */
  readonly begun: readonly number[];
  /** Buckets in transition whose owner has changed, those that have begun among them. */
  readonly moved: readonly number[];
}

/** Some backends have no connections any more of buckets that they owned before. */
export interface Ended {
  readonly backends: readonly number[];
  /** How many buckets that was about since they last had none. */
  readonly buckets: number;
  /** How long ago the first of them began. */
  readonly lastedMs: number;
  /** How many of them ended only because it took too long, so that connections may have been cut. */
  readonly cut: number;
}

/** Of a backend that may have connections of buckets that others own. */
interface Leaving {
  readonly sinceMs: number;
  /** Buckets in transition that it is a former owner of. */
  left: number;
  buckets: number;
  cut: number;
}

/** All that is known of a cluster's, as plain data. */
export interface ClusterTransitionsRecord {
  readonly owners: Uint16Array;
  readonly former: Uint16Array;
  /** By bucket. */
  readonly more: readonly (readonly [number, readonly number[]])[];
  readonly old: Uint16Array;
  readonly movedMs: Float64Array;
  /** By backend. */
  readonly leaving: readonly (readonly [number, Readonly<Leaving>])[];
}

export class ClusterTransitions {
  readonly #idleTicks: number;
  readonly #mostMs: number;
  #owners: Uint16Array;
  readonly #former: Uint16Array;
  readonly #more = new Map<number, number[]>();
  readonly #old: Uint16Array;
  readonly #movedMs: Float64Array;
  #size = 0;
  #revision = 0;
  /** By backend. */
  readonly #leaving = new Map<number, Leaving>();

  /** `owners`: of each bucket at the start. A tick is a second. */
  constructor({ idleMs, mostMs }: { readonly idleMs: number; readonly mostMs: number }, owners: Uint16Array) {
    this.#idleTicks = Math.ceil(idleMs / 1000);
    this.#mostMs = mostMs;
    this.#owners = owners;
    this.#former = new Uint16Array(owners.length).fill(NO_BACKEND);
    this.#old = new Uint16Array(owners.length);
    this.#movedMs = new Float64Array(owners.length);
  }

  record(): ClusterTransitionsRecord {
    return {
      owners: this.#owners,
      former: this.#former.slice(),
      more: [...this.#more].map(([bucket, more]) => [bucket, [...more]]),
      old: this.#old.slice(),
      movedMs: this.#movedMs.slice(),
      leaving: [...this.#leaving].map(([backend, leaving]) => [backend, { ...leaving }]),
    };
  }

  /**
   * Takes over those of the same buckets by another configuration, before anything is followed here. `indexOf`: which index a
   * backend of that one has in this one, or NO_BACKEND; who has none has lost its connections.
   */
  adopt(before: ClusterTransitionsRecord, indexOf: (backend: number) => number): void {
    const now = (backend: number) => backend === NO_BACKEND ? NO_BACKEND : indexOf(backend);
    this.#owners = before.owners.map(now);
    for (const [backend, leaving] of before.leaving) {
      if (now(backend) !== NO_BACKEND) this.#leaving.set(now(backend), { ...leaving });
    }
    this.#former.set(before.former.map(now));
    for (const [bucket, more] of before.more) {
      for (const former of more.map(now)) if (former !== NO_BACKEND) this.#add(bucket, former);
    }
    this.#movedMs.set(before.movedMs);
    for (let bucket = 0; bucket < this.#owners.length; bucket++) {
      if (!this.has(bucket)) continue;
      this.#size++;
      const old = now(before.old[bucket]!);
      this.#old[bucket] = old === NO_BACKEND ? this.#owners[bucket]! : old;
    }
  }

  /** Another number whenever something has changed, but for the owners. */
  get revision(): number {
    return this.#revision;
  }

  /** How many buckets are in transition. */
  get size(): number {
    return this.#size;
  }

  has(bucket: number): boolean {
    return this.#former[bucket] !== NO_BACKEND;
  }

  /** Who has the old connections of a bucket in transition, or NO_BACKEND. */
  old(bucket: number): number {
    return this.#old[bucket]!;
  }

  /** The buckets have these owners now, in memory that is not written again; and these backends still answer. */
  follow(owners: Uint16Array, keeps: readonly boolean[], nowMs: number): Followed {
    const begun: number[] = [];
    const moved: number[] = [];
    const haveDied = [...this.#leaving.keys()].some((backend) => !keeps[backend]);
    for (let bucket = 0; bucket < owners.length; bucket++) {
      const before = this.#owners[bucket]!;
      const after = owners[bucket]!;
      const wasMoving = this.has(bucket);
      if (wasMoving && haveDied) this.#lose(bucket, keeps);
      const old = this.#old[bucket]!;
      if (wasMoving && old !== NO_BACKEND && !keeps[old]) this.#old[bucket] = after;
      if (before !== after) {
        const isLeft = before !== NO_BACKEND && keeps[before]!;
        if (!wasMoving && isLeft) {
          this.#old[bucket] = before;
          begun.push(bucket);
        }
        if (wasMoving || isLeft) this.#move(bucket, after, isLeft ? before : NO_BACKEND, nowMs);
        if (this.has(bucket)) moved.push(bucket);
      }
      if (wasMoving !== this.has(bucket)) this.#size += wasMoving ? -1 : 1;
    }
    this.#owners = owners;
    if (moved.length > 0 || haveDied) this.#revision++;
    return { begun, moved };
  }

  /**
   * Ends what is over. `quiet`: how many ticks ago a frame of the bucket last went to another than its owner. Who has no connections
   * left by that, if there is anybody.
   */
  end(quiet: (bucket: number) => number, nowMs: number): Ended | undefined {
    const gone = new Map<number, Leaving>();
    const before = this.#size;
    for (let bucket = 0; bucket < this.#owners.length; bucket++) {
      if (!this.has(bucket)) continue;
      const isIdle = quiet(bucket) > this.#idleTicks;
      if (!isIdle && nowMs - this.#movedMs[bucket]! < this.#mostMs) continue;
      const formers = this.#formers(bucket);
      this.#former[bucket] = NO_BACKEND;
      this.#more.delete(bucket);
      this.#size--;
      for (const backend of formers) {
        const leaving = this.#leaving.get(backend)!;
        leaving.left--;
        if (!isIdle) leaving.cut++;
        if (leaving.left > 0) continue;
        this.#leaving.delete(backend);
        gone.set(backend, leaving);
      }
    }
    if (this.#size < before) this.#revision++;
    if (gone.size === 0) return undefined;
    const all = [...gone.values()];
    return {
      backends: [...gone.keys()],
      buckets: all.reduce((sum, { buckets }) => sum + buckets, 0),
      cut: all.reduce((sum, { cut }) => sum + cut, 0),
      lastedMs: nowMs - Math.min(...all.map(({ sinceMs }) => sinceMs)),
    };
  }

  /** Those who do not answer any more have lost their connections. */
  #lose(bucket: number, keeps: readonly boolean[]): void {
    for (const former of this.#formers(bucket)) if (!keeps[former]) this.#drop(bucket, former);
  }

  /** `left`: who owned it, if that one still answers. */
  #move(bucket: number, after: number, left: number, nowMs: number): void {
    this.#movedMs[bucket] = nowMs;
    if (this.#old[bucket] === NO_BACKEND) this.#old[bucket] = after;
    if (this.#isFormer(bucket, after)) this.#drop(bucket, after);
    if (left !== NO_BACKEND && !this.#isFormer(bucket, left)) {
      this.#add(bucket, left);
      const leaving = this.#leaving.get(left) ?? { sinceMs: nowMs, left: 0, buckets: 0, cut: 0 };
      leaving.left++;
      leaving.buckets++;
      this.#leaving.set(left, leaving);
    }
  }

  /** Of a bucket in transition: who but the owner may have connections of it. They all still answer. */
  #formers(bucket: number): number[] {
    const more = this.#more.get(bucket);
    return more === undefined ? [this.#former[bucket]!] : [this.#former[bucket]!, ...more];
  }

  #isFormer(bucket: number, backend: number): boolean {
    return backend !== NO_BACKEND &&
      (this.#former[bucket] === backend || (this.#more.get(bucket)?.includes(backend) ?? false));
  }

  #add(bucket: number, former: number): void {
    const more = this.#more.get(bucket);
    if (!this.has(bucket)) this.#former[bucket] = former;
    else if (more === undefined) this.#more.set(bucket, [former]);
    else more.push(former);
  }

  /** It owns the bucket again, or is dead: it is no former owner any more. */
  #drop(bucket: number, former: number): void {
    const more = this.#more.get(bucket) ?? [];
    if (this.#former[bucket] === former) this.#former[bucket] = more.shift() ?? NO_BACKEND;
    else more.splice(more.indexOf(former), 1);
    if (more.length === 0) this.#more.delete(bucket);
    const leaving = this.#leaving.get(former)!;
    leaving.left--;
    if (leaving.left === 0) this.#leaving.delete(former);
  }
}
