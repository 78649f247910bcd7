/** Writes the clusters' bucket maps into the table that the path forwards by. */

import type { BackendConfig, ClusterConfig } from "../config/config.ts";
import { type ForwardingTable, NO_GROUP } from "../table/forwarding_table.ts";
import type { ClusterMap } from "./cluster_map.ts";

export interface Numbers {
  /** The neighbor of a backend. */
  neighborOf(backend: BackendConfig): number;
  /** By cluster: the neighbor that is its group. */
  readonly groups: readonly number[];
}

/** With the technique `broadcast` a cluster's frames go to its group. */
export function fillOwners(
  table: ForwardingTable,
  maps: readonly ClusterMap[],
  { neighborOf, groups }: Numbers,
  isBroadcast: (cluster: ClusterConfig) => boolean,
): void {
  let first = 0;
  for (const [index, map] of maps.entries()) {
    const { buckets, group } = map.cluster;
    const neighbor = groups[index]!;
    table.setOwners(first, map.owners(neighborOf));
    table.setGroup(index, isBroadcast(map.cluster) ? neighbor : NO_GROUP);
    table.setMac(neighbor, group.high, group.low);
    first += buckets;
  }
}
