/** Who owns each bucket of a cluster now, and which buckets are in transition. */

import { findCluster } from "../cluster/find_backend.ts";
import { NO_BACKEND } from "../table/bucket_map.ts";
import type { EngineParts } from "./parts.ts";

/** The owners of a cluster's buckets. */
export interface Buckets {
  readonly cluster: string;
  /** How often a forwarding table was published so far. */
  readonly epoch: number;
  /** By name. */
  readonly backends: readonly string[];
  /** Of each bucket the index of its owner in `backends`, or -1. */
  readonly owners: readonly number[];
  /** Numbers of the buckets in transition. */
  readonly inTransition: readonly number[];
}

/** Throws UsageError when there is no such cluster. */
export function bucketsOf(
  { config, forwarding, publisher }: Pick<EngineParts, "config" | "forwarding" | "publisher">,
  name: string,
): Buckets {
  const cluster = findCluster(config.clusters, name);
  const index = config.clusters.indexOf(cluster);
  return {
    cluster: cluster.name,
    epoch: publisher.epoch,
    backends: cluster.backends.map(({ name }) => name),
    owners: Array.from(forwarding.maps[index]!.live, (owner) => owner === NO_BACKEND ? -1 : owner),
    inTransition: forwarding.transitions.bucketsOf(index),
  };
}
