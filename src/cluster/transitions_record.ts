/** What is known of transitions, as plain data, and which clusters of two configurations it holds for. */

import type { ClusterTransitionsRecord } from "./transitions.ts";
import type { ClusterConfig } from "../config/config.ts";
import { NO_BACKEND } from "../table/bucket_map.ts";

/** What workers have written of a cluster's buckets in transition. */
export interface RememberedRecord {
  readonly strayed: Int32Array;
  /** As table/connections.ts records them. */
  readonly connections: Int32Array;
}

/** All that is known of a cluster's transitions, as plain data. */
export interface PartRecord {
  readonly cluster: Buckets;
  readonly backends: readonly {
    readonly name: string;
    readonly address: string;
    readonly neighbor: number;
  }[];
  readonly transitions: ClusterTransitionsRecord;
  readonly began: Int32Array;
  readonly remembered: RememberedRecord;
}

export interface TransitionsRecord {
  readonly tick: number;
  readonly clusters: readonly PartRecord[];
}

/** One cluster by two configurations. */
export interface Same<Part> {
  readonly part: Part;
  readonly other: PartRecord;
  /** The place of `other` in its record. */
  readonly place: number;
  /** The index here of a backend there; NO_BACKEND when it is not here. */
  readonly indexOf: (backend: number) => number;
}

/** The clusters that are here and there, and whose clients are in the same buckets. */
export function* sameClusters<Part extends { readonly map: { readonly cluster: ClusterConfig } }>(
  parts: readonly Part[],
  { clusters }: TransitionsRecord,
): Generator<Same<Part>> {
  for (const part of parts) {
    const place = clusters.findIndex(({ cluster }) => haveSameBuckets(cluster, part.map.cluster));
    const other = clusters[place];
    if (other === undefined) continue;
    const { backends } = part.map.cluster;
    const byName = new Map(backends.map(({ name }, index) => [name, index]));
    const indices = other.backends.map(({ name, address }) => {
      const index = byName.get(name) ?? NO_BACKEND;
      return backends[index]?.address === address ? index : NO_BACKEND;
    });
    yield { part, other, place, indexOf: (backend) => indices[backend]! };
  }
}

/** What says in which bucket of which cluster a client is. */
type Buckets = Pick<ClusterConfig, "name" | "buckets" | "seed" | "mask">;

/** Each client of one is in the bucket of the same number of the other. */
function haveSameBuckets(one: Buckets, other: Buckets): boolean {
  return one.name === other.name && one.buckets === other.buckets && one.seed === other.seed &&
    one.mask.ipv4 === other.mask.ipv4 && one.mask.ipv6 === other.mask.ipv6;
}
