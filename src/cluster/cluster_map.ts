/** A cluster's bucket maps, and what they say of a client. */

import { netmask, netmask6, wordsOf } from "../wire/address.ts";
import * as bucketMap from "../table/bucket_map.ts";
import * as hash from "../table/hash.ts";
import type { BackendConfig, ClusterConfig } from "../config/config.ts";

/** Where a client goes. */
export interface Placement {
  /** Int32. */
  readonly hash: number;
  readonly bucket: number;
  /** Undefined when no backend is live. */
  readonly backend: BackendConfig | undefined;
}

/** How many buckets each backend has lost and gained by a change, by its index in the configuration. */
export interface Moves {
  readonly lost: readonly number[];
  readonly gained: readonly number[];
}

export class ClusterMap {
  readonly cluster: ClusterConfig;
  readonly #base: Uint16Array;
  #live: Uint16Array;

  /** All backends live. */
  constructor(cluster: ClusterConfig) {
    this.cluster = cluster;
    this.#base = bucketMap.baseMap(cluster.backends, cluster.buckets, cluster.algorithm);
    this.#live = this.#base;
  }

  /** The live map: owners by index in the configuration. It is never written again. */
  get live(): Uint16Array {
    return this.#live;
  }

  /** Computes the live map. */
  update(isLive: (backend: BackendConfig) => boolean): void {
    bucketMap.finish(this.updateInSteps((index) => isLive(this.cluster.backends[index]!)));
  }

  /** The same in steps, after the last of which the map is in use. `isLive` is asked by index, and in the first step only. */
  *updateInSteps(isLive: (index: number) => boolean): Generator<void, Moves> {
    const { backends, algorithm, noBackend } = this.cluster;
    const before = this.#live;
    const lastResort = noBackend === "last-resort" && !backends.some((_, index) => isLive(index));
    this.#live = lastResort
      ? this.#base
      : yield* bucketMap.liveMapInSteps(backends, this.#base, algorithm, isLive);
    return movesBetween(before, this.#live, backends.length);
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
}

function movesBetween(before: Uint16Array, after: Uint16Array, backends: number): Moves {
  const lost = new Array<number>(backends).fill(0);
  const gained = new Array<number>(backends).fill(0);
  for (let bucket = 0; bucket < after.length; bucket++) {
    const owner = after[bucket]!;
    const last = before[bucket]!;
    if (owner === last) continue;
    if (last !== bucketMap.NO_BACKEND) lost[last]!++;
    if (owner !== bucketMap.NO_BACKEND) gained[owner]!++;
  }
  return { lost, gained };
}
