/**
 * What a backend's kernel makes of an agent's commands: which buckets it takes, and until when. The rules are those of
 * filter/rules/rules.ts; only their sets are read here, `mine` and `lease`. Whose a frame is, filter/rules/accepts.ts says.
 *
 *     the agent stands still, or is killed      nft, a process of its own, ends its work all the same
 *     the machine stands still                  nft does, too, and ends its work afterwards
 *     either                                    the lease runs out meanwhile: the kernel's time goes on
 */

import type { ClusterConfig, Config } from "../config/config.ts";
import { accepts, BackendFilter, isToCluster } from "../filter/rules/accepts.ts";
import { BucketSet } from "../filter/rules/bucket_set.ts";
import { tableOf } from "../filter/rules/rules.ts";
import type { Timer } from "../system/clock.ts";
import type { VirtualClock } from "../system/virtual_clock.ts";
import * as ethernet from "../wire/ethernet.ts";
import type { Filtered } from "./net/interface.ts";
import { MachineClock } from "./net/machine_clock.ts";
import type { Octets } from "./net/port.ts";

export class KernelTables {
  readonly #cluster: ClusterConfig;
  /** The kernel's. */
  readonly #clock: MachineClock;
  /** Of the processes. */
  readonly #nftClock: MachineClock;
  /** One for each nft that runs. */
  readonly #running = new Set<Timer>();
  readonly #filter: BackendFilter;
  #own: BucketSet | undefined;
  #leaseEndMs = 0;

  /** Of the machine of this backend. */
  constructor(config: Config, cluster: ClusterConfig, backend: string, time: VirtualClock) {
    this.#cluster = cluster;
    this.#clock = new MachineClock(time);
    this.#nftClock = new MachineClock(time);
    this.#filter = new BackendFilter({ ...config, clusters: [cluster] }, backend);
  }

  /** Starts nft, which gives the kernel these commands after so long, and then says how that went. Returns what kills it. */
  tell(commands: string, tookMs: number, ended: (error: Error | undefined) => void): () => void {
    const running = this.#nftClock.after(tookMs, () => {
      this.#running.delete(running);
      let failure: Error | undefined;
      try {
        this.#apply(commands);
      } catch (error) {
        failure = error as Error;
      }
      ended(failure);
    });
    this.#running.add(running);
    return () => {
      running.cancel();
      this.#running.delete(running);
    };
  }

  /** An nft runs. */
  get isTold(): boolean {
    return this.#running.size > 0;
  }

  /** The machine stands still. */
  freeze(): void {
    this.#nftClock.freeze();
  }

  thaw(): void {
    this.#nftClock.thaw();
  }

  setRate(rate: number): void {
    this.#clock.rate = rate;
  }

  /** Throws as nft does when there is no table. */
  #apply(commands: string): void {
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
    for (const running of this.#running) running.cancel();
    this.#running.clear();
    this.#nftClock.thaw();
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
