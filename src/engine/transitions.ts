/**
 * The transitions of all clusters: when a bucket's begins and ends, and what becomes of the connections that are remembered.
 *
 *     maps changed ── follow ──┬── the buckets' marks in the shared memory
 *                              └── fill the standby table ── publish
 *     each second ── a tick ── what is over ends ── publish ── retire connections ── publish ── free their room
 *
 * While nothing is in transition no second is counted.
 */

import type { ClusterMap } from "../cluster/cluster_map.ts";
import { ClusterTransitions, type Ended } from "../cluster/transitions.ts";
import type { BackendConfig, ClusterConfig } from "../config/config.ts";
import type { Clock, Timer } from "../system/clock.ts";
import { every } from "../system/every.ts";
import { NO_BACKEND } from "../table/bucket_map.ts";
import { isSilent } from "../table/connections.ts";
import type { ForwardingTable } from "../table/forwarding_table.ts";
import type { TransitionMemory } from "../table/transition_memory.ts";

const TICK_MS = 1000;

/** Connections that are over are looked for each so many ticks. */
const SWEEP_TICKS = 10;

export interface TransitionEvents {
  /** Brings the table to the workers; resolves when each of them has begun a new burst since. */
  publish(): Promise<void>;
  /** Some backends of a cluster have no connections any more of buckets that they owned before. */
  ended(cluster: ClusterConfig, ended: Ended): void;
}

/** What there is to know of a cluster's map. */
type OwnersOfCluster = Pick<ClusterMap, "cluster" | "live">;

/** One cluster's. */
interface Part {
  readonly map: OwnersOfCluster;
  readonly transitions: ClusterTransitions;
  /** Its first bucket, and its place among the clusters. */
  readonly first: number;
  readonly index: number;
  /** The neighbors of its backends that still answer. */
  keeping: ReadonlySet<number>;
}

export class Transitions {
  readonly #parts: readonly Part[];
  readonly #neighborOf: (backend: BackendConfig) => number;
  readonly #memory: TransitionMemory;
  readonly #clock: Clock;
  readonly #events: TransitionEvents;
  #ticking: Timer | undefined;
  #soon: Timer | undefined;
  #sinceSweep = 0;
  /** Since the last sweep a transition has ended, or somebody has died who may have had connections. */
  #hasEnded = false;
  #isSweeping = false;

  /** `maps` as they are at the start. */
  constructor(
    maps: readonly OwnersOfCluster[],
    neighborOf: (backend: BackendConfig) => number,
    memory: TransitionMemory,
    clock: Clock,
    events: TransitionEvents,
  ) {
    let first = 0;
    this.#parts = maps.map((map, index) => {
      const { transition, buckets, backends } = map.cluster;
      const transitions = new ClusterTransitions(transition, map.live);
      first += buckets;
      return { map, transitions, first: first - buckets, index, keeping: new Set(backends.map(neighborOf)) };
    });
    this.#neighborOf = neighborOf;
    this.#memory = memory;
    this.#clock = clock;
    this.#events = events;
  }

  /**
   * A cluster's map, or which of its backends still answer, may have changed. `keeps` is by index in the configuration. Is there anything to publish,
   * besides the map?
   */
  follow(cluster: number, keeps: readonly boolean[]): boolean {
    const part = this.#parts[cluster]!;
    const { map, transitions, first } = part;
    const before = part.keeping;
    part.keeping = new Set(map.cluster.backends.filter((_, index) => keeps[index]).map(this.#neighborOf));
    const haveDied = [...before].some((neighbor) => !part.keeping.has(neighbor));
    const wasSize = transitions.size;
    const { begun, moved } = transitions.follow(map.live, keeps, this.#clock.now());
    if (begun.length > 0 && (this.#hasEnded || this.#isSweeping)) this.#forget(part, new Set(begun));
    for (const bucket of begun) this.#memory.begin(first + bucket);
    for (const bucket of moved) this.#memory.move(first + bucket);
    // What is not in transition has nothing to lose.
    const isLost = (haveDied && wasSize > 0) || transitions.size < wasSize;
    if (isLost) {
      this.#hasEnded = true;
      this.#soon ??= this.#clock.after(0, () => void this.#sweep());
    }
    if (transitions.size > 0) this.#ticking ??= every(this.#clock, TICK_MS, () => this.#tick());
    return isLost || moved.length > 0;
  }

  /** Into a table that has the owners already. */
  fill(table: ForwardingTable): void {
    for (const { map, transitions, first } of this.#parts) {
      const numbers = map.cluster.backends.map(this.#neighborOf);
      for (const [bucket, old] of transitions.olds()) {
        table.setOldOwner(first + bucket, old === NO_BACKEND ? NO_BACKEND : numbers[old]!);
      }
    }
  }

  /** How many buckets of a cluster are in transition, and how many connections are remembered. */
  of(cluster: number): { readonly buckets: number; readonly remembered: number } {
    const { transitions, index } = this.#parts[cluster]!;
    return { buckets: transitions.size, remembered: this.#memory.connections[index]!.count() };
  }

  stop(): void {
    this.#ticking?.cancel();
    this.#soon?.cancel();
  }

  #tick(): void {
    this.#memory.pass();
    this.#sinceSweep++;
    const nowMs = this.#clock.now();
    for (const { map, transitions, first } of this.#parts) {
      const before = transitions.size;
      const ended = transitions.end((bucket) => this.#memory.quiet(first + bucket), nowMs);
      if (transitions.size < before) this.#hasEnded = true;
      if (ended !== undefined) this.#events.ended(map.cluster, ended);
    }
    if (this.#hasEnded || this.#sinceSweep >= SWEEP_TICKS) void this.#sweep();
  }

  /** Makes room of the connections that are over. */
  async #sweep(): Promise<void> {
    this.#soon = undefined;
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    this.#sinceSweep = 0;
    if (this.#hasEnded) {
      this.#hasEnded = false;
      // Afterwards no worker remembers one more of a bucket that is not in transition any longer, or with somebody dead.
      await this.#events.publish();
    }
    const retired = this.#retire();
    if (retired.some((count) => count > 0)) {
      await this.#events.publish();
      for (const [index, count] of retired.entries()) this.#memory.connections[index]!.free(count);
    }
    this.#isSweeping = false;
    this.#rest();
  }

  /** How many wait to be freed, by cluster. */
  #retire(): number[] {
    const { tick } = this.#memory;
    return this.#parts.map(({ transitions, keeping, index }) =>
      this.#memory.connections[index]!.retire((owner, bucket, stamp) =>
        !transitions.has(bucket) || !keeping.has(owner) || isSilent(stamp, tick)
      )
    );
  }

  /** These buckets were in transition a moment ago, too: what is remembered of that may have begun anew since, with others. */
  #forget({ index }: Part, begun: ReadonlySet<number>): void {
    this.#memory.connections[index]!.retire((_owner, bucket) => begun.has(bucket));
  }

  /** Nothing is in transition, and nothing remembered. */
  #rest(): void {
    if (this.#hasEnded || this.#parts.some(({ transitions }) => transitions.size > 0)) return;
    this.#ticking?.cancel();
    this.#ticking = undefined;
  }
}
