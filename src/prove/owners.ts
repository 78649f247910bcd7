/** Whose each bucket is while some backends are down, as the dispatcher has it and as the filters have it: nothing is computed here. */

import type { ClusterConfig, Config } from "../config/config.ts";
import { planOf } from "../config/plan.ts";
import { ClusterMap } from "../cluster/cluster_map.ts";
import { fillOwners } from "../cluster/fill_owners.ts";
import { NO_BACKEND } from "../table/bucket_map.ts";
import { ForwardingTable, IN_TRANSITION } from "../table/forwarding_table.ts";
import { tableSizeOf } from "../path/plan.ts";
import type { BucketSet } from "../filter/rules/bucket_set.ts";
import { allOwnedBuckets } from "../filter/rules/ownership.ts";

/** Backends that are down, by index in the configuration. */
export type Down = ReadonlySet<number>;

/** In place of a backend's index: the bucket has no owner. */
export const NOBODY = NO_BACKEND;
/** The bucket's frames go to a neighbor that is no backend of the cluster. */
export const STRANGER = NO_BACKEND - 1;

/** Is a backend live, by its name, when these are down? */
export function liveness({ backends }: ClusterConfig, down: Down): (name: string) => boolean {
  const names = new Set([...down].map((index) => backends[index]!.name));
  return (name) => !names.has(name);
}

/** A configuration of one cluster alone. */
export function alone(config: Config, cluster: ClusterConfig): Config {
  return { ...config, clusters: [cluster] };
}

/** Technique `route`: the table by which the dispatcher's path goes. */
export class DispatcherOwners {
  readonly map: ClusterMap;
  readonly table: ForwardingTable;
  readonly #groups: readonly number[];
  readonly #neighborOf: ReadonlyMap<string, number>;
  /** By neighbor. */
  readonly #backendOf: Uint16Array;

  constructor(config: Config, cluster: ClusterConfig) {
    const { plan, neighbors, groups } = planOf(alone(config, cluster));
    this.map = new ClusterMap(cluster);
    this.table = ForwardingTable.ofSize(tableSizeOf(plan));
    this.#groups = groups;
    this.#neighborOf = new Map(neighbors.map((address, neighbor) => [address, neighbor]));
    this.#backendOf = new Uint16Array(plan.mtus.length).fill(STRANGER);
    for (const [index, { address }] of cluster.backends.entries()) {
      this.#backendOf[this.#neighborOf.get(address)!] = index;
    }
  }

  /** The owner of each bucket, by index in the configuration. */
  under(down: Down): Uint16Array {
    const isLive = liveness(this.map.cluster, down);
    this.map.update(({ name }) => isLive(name));
    const numbers = {
      neighborOf: ({ address }: { readonly address: string }) => this.#neighborOf.get(address)!,
      groups: this.#groups,
    };
    fillOwners(this.table, [this.map], numbers, () => false);
    const owners = new Uint16Array(this.map.cluster.buckets);
    for (let bucket = 0; bucket < owners.length; bucket++) owners[bucket] = this.ownerOf(bucket);
    return owners;
  }

  /** The same of one bucket, as it was when it was last asked for all. */
  ownerOf(bucket: number): number {
    const neighbor = this.table.soleOwner(bucket);
    return neighbor >= IN_TRANSITION ? NOBODY : this.#backendOf[neighbor] ?? STRANGER;
  }
}

/** Technique `broadcast`: the buckets that each backend's filter accepts. */
export class FilterOwners {
  readonly #map: ClusterMap;

  constructor(cluster: ClusterConfig) {
    this.#map = new ClusterMap(cluster);
  }

  /** By index in the configuration. */
  under(down: Down): readonly BucketSet[] {
    const { cluster } = this.#map;
    const sets = allOwnedBuckets(this.#map, liveness(cluster, down));
    return cluster.backends.map(({ name }) => sets.get(name)!);
  }
}
