/** A cluster's bucket maps, and what they say of a client. */

import { netmask, netmask6, wordsOf } from "../wire/address.ts";
import * as bucketMap from "../table/bucket_map.ts";
import * as hash from "../table/hash.ts";
import { finish } from "../table/steps.ts";
import type { BackendConfig, ClusterConfig } from "../config/config.ts";

/** Where a client goes. */
export interface Placement {
  /** Int32. */
  readonly hash: number;
  readonly bucket: number;
  /** Undefined when no backend is live. */
  readonly backend: BackendConfig | undefined;
}

/** What a backend may have of a cluster's buckets now. */
export interface Share {
  /** 1 to 100: by these the base map is made. */
  readonly weight: number;
  /** Of what the base map gives it: 0, it is not live; 1, all; between them while it starts slowly. */
  readonly portion: number;
  /** It gets its buckets when nobody is live and `noBackend` is last-resort. */
  readonly isLastResort: boolean;
}

/** Buckets that have changed their owner. */
export interface Move {
  /** By index in the configuration; undefined for no owner. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly buckets: number;
}

/** By this the base map is made while a backend's weight is 0, unless it had another one before: so only its own buckets move. */
export const WEIGHT_OF_NOTHING = 1;

/** The bucket map of a cluster, as its backends and their weights make it, and as the live ones do. */
export class ClusterMap {
  /** The cluster whose map it is, as the configuration says. */
  readonly cluster: ClusterConfig;
  #shares: readonly Share[];
  /** The base map of those that serve, and of the backups: computed when it is needed. */
  #base: Uint16Array | undefined;
  #backupBase: Uint16Array | undefined;
  #live: Uint16Array;

  /** All backends live that have a weight. */
  constructor(cluster: ClusterConfig) {
    this.cluster = cluster;
    this.#shares = this.#sharesAsConfigured(() => true);
    this.#live = finish(this.#computeInSteps());
  }

  /** The live map: owners by index in the configuration. It is never written again. */
  get live(): Uint16Array {
    return this.#live;
  }

  /** Goes on by a live map that another dispatcher had; the next update computes it anew. It must not be written again. */
  goOnBy(live: Uint16Array): void {
    this.#live = live;
    // No share equals this one.
    this.#shares = this.#shares.map((share) => ({ ...share, portion: NaN }));
  }

  /** Computes the live map, with the weights of the configuration. */
  update(isLive: (backend: BackendConfig) => boolean): void {
    finish(this.updateInSteps(this.#sharesAsConfigured(isLive)));
  }

  /** Computes the live map in steps, after the last of which it is in use. What has moved by it, the most first. */
  *updateInSteps(shares: readonly Share[]): Generator<void, Move[]> {
    if (shares.some(({ weight }, index) => weight !== this.#shares[index]!.weight)) {
      this.#base = undefined;
      this.#backupBase = undefined;
    }
    this.#shares = shares;
    const next = yield* this.#computeInSteps();
    const moves = movesBetween(this.#live, next);
    yield;
    this.#live = next;
    return moves;
  }

  /** Would an update with these shares change nothing? */
  hasShares(shares: readonly Share[]): boolean {
    return shares.every(({ weight, portion, isLastResort }, index) => {
      const share = this.#shares[index]!;
      return share.weight === weight && share.portion === portion && share.isLastResort === isLastResort;
    });
  }

  /** The live map with a number for each owner, its neighbor's for example; a bucket without owner stays NO_BACKEND. */
  owners(numberOf: (backend: BackendConfig) => number): Uint16Array {
    const numbers = this.cluster.backends.map(numberOf);
    return this.#live.map((owner) => owner === bucketMap.NO_BACKEND ? owner : numbers[owner]!);
  }

  /** How many buckets each backend owns now. */
  shares(): number[] {
    return bucketMap.shares(this.#live, this.cluster.backends.length);
  }

  /** Where the client with this address, of either family, goes now. */
  place(client: string): Placement {
    const { mask, seed, buckets, backends } = this.cluster;
    const words = wordsOf(client);
    const masked = words.length === 1
      ? words.map((word) => word & netmask(mask.ipv4))
      : words.map((word, index) => word & netmask6(mask.ipv6)[index]!);
    const [w0 = 0, w1 = 0, w2 = 0, w3 = 0] = masked;
    const h = masked.length === 1 ? hash.ofIpv4(w0, seed) : hash.ofIpv6(w0, w1, w2, w3, seed);
    const bucket = bucketMap.bucketOf(h, buckets);
    return { hash: h, bucket, backend: backends[this.#live[bucket]!] };
  }

  /** Whose the bucket is while all are live, backups aside. */
  baseOwner(bucket: number): BackendConfig | undefined {
    return this.cluster.backends[this.#baseOf(false)[bucket]!];
  }

  /** Backups have buckets while no other backend is live. */
  *#computeInSteps(): Generator<void, Uint16Array> {
    const { backends, algorithm } = this.cluster;
    const portions = this.#portions();
    const isServing = (backup: boolean) =>
      backends.some((one, index) => one.backup === backup && portions[index]! > 0);
    const backup = !isServing(false) && isServing(true);
    return yield* bucketMap.liveMapInSteps(
      this.#members(backup),
      this.#baseOf(backup),
      algorithm,
      (index) => backends[index]!.backup === backup ? portions[index]! : 0,
    );
  }

  #portions(): number[] {
    const portions = this.#shares.map(({ portion }) => portion);
    if (this.cluster.noBackend === "reject" || portions.some((portion) => portion > 0)) return portions;
    return this.#shares.map(({ isLastResort }) => isLastResort ? 1 : 0);
  }

  #baseOf(backup: boolean): Uint16Array {
    const { buckets, algorithm } = this.cluster;
    const compute = () => bucketMap.baseMap(this.#members(backup), buckets, algorithm);
    return backup ? this.#backupBase ??= compute() : this.#base ??= compute();
  }

  /** All backends, so that indices are theirs; the others than these own nothing. */
  #members(backup: boolean): bucketMap.Member[] {
    return this.cluster.backends.map((one, index) => (
      { name: one.name, weight: one.backup === backup ? this.#shares[index]!.weight : 0 }
    ));
  }

  #sharesAsConfigured(isLive: (backend: BackendConfig) => boolean): Share[] {
    const { backends } = this.cluster;
    const areAllDrained = backends.every(({ weight }) => weight === 0);
    return backends.map((backend) => ({
      weight: backend.weight || WEIGHT_OF_NOTHING,
      portion: backend.weight > 0 && isLive(backend) ? 1 : 0,
      isLastResort: backend.weight > 0 || areAllDrained,
    }));
  }
}

function movesBetween(before: Uint16Array, after: Uint16Array): Move[] {
  /** By both owners in one number. */
  const counts = new Map<number, number>();
  for (let bucket = 0; bucket < after.length; bucket++) {
    const [from, to] = [before[bucket]!, after[bucket]!];
    if (from === to) continue;
    const pair = from * 2 ** 16 + to;
    counts.set(pair, (counts.get(pair) ?? 0) + 1);
  }
  const indexOf = (owner: number) => owner === bucketMap.NO_BACKEND ? undefined : owner;
  return [...counts].map(([pair, buckets]) => (
    { from: indexOf(Math.floor(pair / 2 ** 16)), to: indexOf(pair % 2 ** 16), buckets }
  )).sort((a, b) => b.buckets - a.buckets);
}
