/**
 * Which buckets of a cluster are in transition, from whom, and who may still have connections of them:
 *
 *     O answers, N owns the bucket now          in transition: N gets what is new, O keeps what it has
 *     then M owns it                            still: M gets what is new, N keeps what is remembered with it, O the rest
 *     O dies                                    the rest are the owner's; N keeps what is remembered with it
 *     nothing has gone to O and N for `idle`,   over
 *     or the bucket has not moved for `most`
 *
 * Backends are meant by their index in the configuration, buckets by their number within the cluster.
 */

import { NO_BACKEND } from "../table/bucket_map.ts";

/** A bucket in transition. */
interface Moving {
  /** Who has the connections that are not remembered; NO_BACKEND: nobody. */
  old: number;
  /** Who but the owner may have connections of it. They all still answer. */
  readonly formers: number[];
  /** By the clock: when it last moved. */
  movedMs: number;
}

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

export class ClusterTransitions {
  readonly #idleTicks: number;
  readonly #mostMs: number;
  #owners: Uint16Array;
  readonly #moving = new Map<number, Moving>();
  /** By backend. */
  readonly #leaving = new Map<number, Leaving>();

  /** `owners`: of each bucket at the start. A tick is a second. */
  constructor({ idleMs, mostMs }: { readonly idleMs: number; readonly mostMs: number }, owners: Uint16Array) {
    this.#idleTicks = Math.ceil(idleMs / 1000);
    this.#mostMs = mostMs;
    this.#owners = owners;
  }

  /**
   * Takes over those of the same buckets by another configuration, before anything is followed here. `indexOf`: which index a
   * backend of that one has in this one, or NO_BACKEND; who has none has lost its connections.
   */
  adopt(before: ClusterTransitions, indexOf: (backend: number) => number): void {
    const now = (backend: number) => backend === NO_BACKEND ? NO_BACKEND : indexOf(backend);
    this.#owners = before.#owners.map(now);
    for (const [backend, leaving] of before.#leaving) {
      if (now(backend) !== NO_BACKEND) this.#leaving.set(now(backend), { ...leaving });
    }
    for (const [bucket, moving] of before.#moving) {
      const formers = moving.formers.map(now).filter((former) => former !== NO_BACKEND);
      if (formers.length === 0) continue;
      const old = now(moving.old);
      const owner = this.#owners[bucket]!;
      this.#moving.set(bucket, { old: old === NO_BACKEND ? owner : old, formers, movedMs: moving.movedMs });
    }
  }

  /** How many buckets are in transition. */
  get size(): number {
    return this.#moving.size;
  }

  has(bucket: number): boolean {
    return this.#moving.has(bucket);
  }

  /** Each bucket in transition, and who has its old connections, or NO_BACKEND. */
  *olds(): Iterable<readonly [bucket: number, old: number]> {
    for (const [bucket, { old }] of this.#moving) yield [bucket, old];
  }

  /** The buckets have these owners now, in memory that is not written again; and these backends still answer. */
  follow(owners: Uint16Array, keeps: readonly boolean[], nowMs: number): Followed {
    const begun: number[] = [];
    const moved: number[] = [];
    for (const [bucket, moving] of this.#moving) this.#lose(moving, owners[bucket]!, keeps);
    for (let bucket = 0; owners !== this.#owners && bucket < owners.length; bucket++) {
      const before = this.#owners[bucket]!;
      const after = owners[bucket]!;
      if (before === after) continue;
      const isLeft = before !== NO_BACKEND && keeps[before]!;
      let moving = this.#moving.get(bucket);
      if (moving === undefined) {
        if (!isLeft) continue;
        moving = { old: before, formers: [], movedMs: nowMs };
        this.#moving.set(bucket, moving);
        begun.push(bucket);
      }
      this.#move(moving, after, isLeft ? before : NO_BACKEND, nowMs);
      moved.push(bucket);
    }
    this.#owners = owners;
    for (const [bucket, { formers }] of this.#moving) if (formers.length === 0) this.#moving.delete(bucket);
    return { begun, moved: moved.filter((bucket) => this.has(bucket)) };
  }

  /**
   * Ends what is over. `quiet`: how many ticks ago a frame of the bucket last went to another than its owner. Who has no connections
   * left by that, if there is anybody.
   */
  end(quiet: (bucket: number) => number, nowMs: number): Ended | undefined {
    const gone = new Map<number, Leaving>();
    for (const [bucket, { formers, movedMs }] of this.#moving) {
      const isIdle = quiet(bucket) > this.#idleTicks;
      if (!isIdle && nowMs - movedMs < this.#mostMs) continue;
      this.#moving.delete(bucket);
      for (const backend of formers) {
        const leaving = this.#leaving.get(backend)!;
        leaving.left--;
        if (!isIdle) leaving.cut++;
        if (leaving.left > 0) continue;
        this.#leaving.delete(backend);
        gone.set(backend, leaving);
      }
    }
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
  #lose(moving: Moving, owner: number, keeps: readonly boolean[]): void {
    const { old, formers } = moving;
    for (let at = formers.length - 1; at >= 0; at--) if (!keeps[formers[at]!]) this.#drop(formers, at);
    if (old !== NO_BACKEND && !keeps[old]) moving.old = owner;
  }

  /** `left`: who owned it, if that one still answers. */
  #move(moving: Moving, after: number, left: number, nowMs: number): void {
    const { formers } = moving;
    moving.movedMs = nowMs;
    if (moving.old === NO_BACKEND) moving.old = after;
    if (left !== NO_BACKEND && !formers.includes(left)) {
      formers.push(left);
      const leaving = this.#leaving.get(left) ?? { sinceMs: nowMs, left: 0, buckets: 0, cut: 0 };
      leaving.left++;
      leaving.buckets++;
      this.#leaving.set(left, leaving);
    }
    const again = formers.indexOf(after);
    if (again >= 0) this.#drop(formers, again);
  }

  /** It owns the bucket again, or is dead: it is no former owner any more. */
  #drop(formers: number[], at: number): void {
    const [backend] = formers.splice(at, 1) as [number];
    const leaving = this.#leaving.get(backend)!;
    leaving.left--;
    if (leaving.left === 0) this.#leaving.delete(backend);
  }
}
