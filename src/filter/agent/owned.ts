/** Whose buckets are whose: one bucket map for each live set, whatever number of backends and heartbeats name it. */

import { ClusterMap } from "../../cluster/cluster_map.ts";
import type { ClusterConfig } from "../../config/config.ts";
import type { BucketSet } from "../rules/bucket_set.ts";
import { allOwnedBuckets } from "../rules/ownership.ts";

/** Live sets whose map is kept. Few are named at one time: those before and after a change. */
const MOST_KEPT = 16;

/** The buckets that a backend owns under a live set (`liveKey`). */
export type Owned = (name: string, live: string) => BucketSet;

export function ownedIn(cluster: ClusterConfig): Owned {
  const map = new ClusterMap(cluster);
  const kept = new Map<string, ReadonlyMap<string, BucketSet>>();
  return (name, live) => {
    const sets = kept.get(live) ?? allOwnedBuckets(map, within(live));
    // The one that was asked for last stands last.
    kept.delete(live);
    kept.set(live, sets);
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!);
    return sets.get(name)!;
  };
}

function within(live: string): (name: string) => boolean {
  const names = new Set(live.split(","));
  return (name) => names.has(name);
}
