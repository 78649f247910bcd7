/**
 * What a backend's kernel makes of an agent's commands: which buckets it takes, and until when. The rules are those of
 * filter/rules/rules.ts; only their sets are read here, `mine` and `lease`. Whose a frame is, filter/rules/accepts.ts says.
 */

import type { ClusterConfig, Config } from "../config/config.ts";
import { accepts, BackendFilter, isToCluster } from "../filter/rules/accepts.ts";
import { BucketSet } from "../filter/rules/bucket_set.ts";
import { tableOf } from "../filter/rules/rules.ts";
import type { Clock } from "../system/clock.ts";
import * as ethernet from "../wire/ethernet.ts";
import type { Filtered } from "./net/interface.ts";
import type { Octets } from "./net/port.ts";

export class KernelTables {
  readonly #cluster: ClusterConfig;
  readonly #clock: Clock;
  readonly #filter: BackendFilter;
  #own: BucketSet | undefined;
  #leaseEndMs = 0;

  /** Of the machine of this backend. `clock`: the kernel's, which goes on while an agent stands still. */
  constructor(config: Config, cluster: ClusterConfig, backend: string, clock: Clock) {
    this.#cluster = cluster;
    this.#clock = clock;
    this.#filter = new BackendFilter({ ...config, clusters: [cluster] }, backend);
  }

  /** Throws as nft does when there is no table. */
  apply(commands: string): void {
    if (!commands.includes("add table") && this.#own === undefined) {
      throw new Error(`No such file or directory: table inet ${tableOf(this.#cluster.name)}`);
    }
    const isOther = / mine$/m.test(commands);
    if (isOther) this.#take(bucketsIn(commands, this.#cluster.buckets));
    const [, leaseMs] = /ipv4 timeout (\d+)ms/.exec(commands) ?? [];
    if (leaseMs !== undefined) this.#leaseEndMs = this.#clock.now() + Number(leaseMs);
  }

  /** A filter without an agent: these, for good. */
  hold(own: BucketSet): void {
    this.#take(own);
    this.#leaseEndMs = Infinity;
  }

  /** The buckets that are let in now; undefined where there is no table, and all is let in. */
  get taken(): BucketSet | undefined {
    if (this.#own === undefined) return undefined;
    return this.#isLeased ? this.#own : BucketSet.none(this.#cluster.buckets);
  }

  /**
   * What becomes of a frame: only those to all or to a group are judged, and those that are taken count as addressed to this machine (`meta
   * pkttype set host`). Without a table nothing is judged.
   */
  lets(octets: Octets, length: number): Filtered {
    if (this.#own === undefined || !ethernet.isGroup(octets[0]! << 8)) return "pass";
    const frame = octets.subarray(0, length);
    if (!isToCluster(frame, this.#filter)) return "pass";
    return this.#isLeased && accepts(frame, this.#filter) ? "to-us" : "drop";
  }

  /** The machine dies. */
  forget(): void {
    this.#own = undefined;
    this.#leaseEndMs = 0;
  }

  get #isLeased(): boolean {
    return this.#clock.now() < this.#leaseEndMs;
  }

  #take(own: BucketSet): void {
    this.#own = own;
    this.#filter.take(this.#cluster, own);
  }
}

/** The elements that the set `mine` gets. */
function bucketsIn(commands: string, buckets: number): BucketSet {
  const elements = / mine \{.*?([\d, -]+) \}/.exec(commands)?.[1] ?? "";
  const own = new Uint8Array(buckets);
  for (const [, first, last = first] of elements.matchAll(/(\d+)(?:-(\d+))?/g)) {
    own.fill(1, Number(first), Number(last) + 1);
  }
  return BucketSet.of(buckets, (bucket) => own[bucket] === 1);
}
