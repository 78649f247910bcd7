/** What the path is told once, when it starts. Plain data: it crosses to a worker as it is. */

import type { Mac } from "../wire/address.ts";

/** One cluster, as the path needs it. */
export interface ClusterPlan {
  /** Int32. */
  readonly addresses: readonly number[];
  /** A power of two, 2..65536. */
  readonly buckets: number;
  /** Of the hash; int32. */
  readonly seed: number;
}

/** What the path needs to know for as long as it runs. Plain data: it crosses to a worker as it is. */
export interface Plan {
  readonly mac: Mac;
  /** The dispatcher's own, int32; the first is the source of its ICMP errors. */
  readonly addresses: readonly { readonly address: number; readonly prefixLength: number }[];
  /** The neighbor slot of the gateway; undefined without one. */
  readonly gateway: number | undefined;
  readonly clusters: readonly ClusterPlan[];
}
