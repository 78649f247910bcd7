/** Whose filter accepts what: the buckets of one backend under a live set. */

import { UsageError } from "../../input/errors.ts";
import { ClusterMap } from "../../cluster/cluster_map.ts";
import { type ClusterConfig, type Config, mayBroadcast } from "../../config/config.ts";
import { BucketSet } from "./bucket_set.ts";

/** The buckets that a backend owns. `isLive`: whether a backend is live. */
export function ownedBuckets(
  cluster: ClusterConfig,
  backend: string,
  isLive: (name: string) => boolean,
): BucketSet {
  return allOwnedBuckets(new ClusterMap(cluster), isLive).get(backend) ?? BucketSet.none(cluster.buckets);
}

/** The same for all backends, by name. Leaves the map as it is for this live set. */
export function allOwnedBuckets(
  map: ClusterMap,
  isLive: (name: string) => boolean,
): ReadonlyMap<string, BucketSet> {
  const { backends } = map.cluster;
  const indices = new Map(backends.map((backend, index) => [backend, index]));
  map.update(({ name }) => isLive(name));
  const sets = BucketSet.ofOwners(map.owners((backend) => indices.get(backend)!), backends.length);
  return new Map(backends.map(({ name }, index) => [name, sets[index]!]));
}

/**
 * The clusters with this backend that broadcast, or do so when the dispatcher is gone. Throws UsageError when there is none, or
 * when a live set names a backend that no such cluster has.
 */
export function filteredClusters(
  { clusters }: Config,
  backend: string,
  ...liveSets: (readonly string[] | undefined)[]
): ClusterConfig[] {
  const broadcast = clusters.filter(mayBroadcast);
  if (broadcast.length === 0) {
    throw new UsageError(
      "No cluster has a filter; give one `technique: broadcast` or `fallback: broadcast` in the configuration",
    );
  }
  const names = new Set(broadcast.flatMap(({ backends }) => backends.map(({ name }) => name)));
  for (const name of [backend, ...liveSets.flatMap((live) => live ?? [])]) {
    if (!names.has(name)) {
      throw new UsageError(
        `There is no backend "${name}" in a cluster that has a filter; there are ${[...names].join(", ")}`,
      );
    }
  }
  return broadcast.filter(({ backends }) => backends.some(({ name }) => name === backend));
}
