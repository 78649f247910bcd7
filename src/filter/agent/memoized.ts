/** Whose buckets are whose is computed once for each live set, not for each heartbeat. */

import type { BucketSet } from "../rules/bucket_set.ts";

/** Results that are kept. */
const MOST_KEPT = 64;

/** The buckets that a backend owns under a live set. */
export type Owned = (name: string, live: string) => BucketSet;

/** The same function. It keeps its last results and computes only the others. */
export function memoized(owned: Owned): Owned {
  const kept = new Map<string, BucketSet>();
  return (name, live) => {
    const key = `${name} of ${live}`;
    const buckets = kept.get(key) ?? owned(name, live);
    // The one that was asked for last stands last.
    kept.delete(key);
    kept.set(key, buckets);
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!);
    return buckets;
  };
}
