/** The filter that an agent holds in the kernel: its rules, whose buckets are the backend's own, and the lease on which it takes. */

import type { ClusterConfig } from "../../config/config.ts";
import type { BucketSet } from "../rules/bucket_set.ts";
import { filterTable, leaseCommands, ownershipCommands } from "../rules/rules.ts";

/** Gives commands of nft to the kernel; rejects when they are refused, or not done within `timeoutMs`. */
export type Apply = (commands: string, timeoutMs: number) => Promise<void>;

export class KernelFilter {
  readonly #cluster: ClusterConfig;
  readonly #backend: string;
  readonly #apply: Apply;
  /** Whether the kernel is known to have the whole table. */
  #isTableThere = false;

  constructor(cluster: ClusterConfig, backend: string, apply: Apply) {
    this.#cluster = cluster;
    this.#backend = backend;
    this.#apply = apply;
  }

  /**
   * Makes these buckets the backend's own, or leaves them as they are when undefined, and renews the lease. Whatever went wrong
   * before, the next call with buckets gives the whole table again. Rejects as `Apply` does.
   */
  async give(own: BucketSet | undefined, leaseMs: number, timeoutMs: number): Promise<void> {
    const isTableThere = this.#isTableThere;
    this.#isTableThere = false;
    const change = own === undefined ? "" : this.#changeTo(own, isTableThere);
    await this.#apply(change + leaseCommands(this.#cluster.name, leaseMs), timeoutMs);
    this.#isTableThere = true;
  }

  #changeTo(own: BucketSet, isTableThere: boolean): string {
    return isTableThere
      ? ownershipCommands(this.#cluster.name, own)
      : filterTable(this.#cluster, this.#backend, own, { leased: true });
  }
}
