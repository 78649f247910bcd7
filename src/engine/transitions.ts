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
import {
  type PartRecord,
  type RememberedRecord,
  sameClusters,
  type TransitionsRecord,
} from "../cluster/transitions_record.ts";

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
  transitions: ClusterTransitions;
  /** Its first bucket, and its place among the clusters. */
  readonly first: number;
  readonly index: number;
  /** The neighbors of its backends that still answer. */
  keeping: ReadonlySet<number>;
  /** Connections that were remembered before a reload and found no room since. */
  unremembered: number;
}

/** Of a cluster's buckets in transition. */
export interface TransitionReport {
  /** In transition now. */
  readonly buckets: number;
  /** Connections that are remembered now. */
  readonly remembered: number;
  /** Connections that went to the old owner, because there was no room to remember them. */
  readonly unremembered: number;
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
  #isStopped = false;

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
      const keeping = new Set(backends.map(neighborOf));
      return { map, transitions, first: first - buckets, index, keeping, unremembered: 0 };
    });
    this.#neighborOf = neighborOf;
    this.#memory = memory;
    this.#clock = clock;
    this.#events = events;
  }

  record(): TransitionsRecord {
    const clusters = this.#parts.map((_, index) => this.recordOf(index));
    return { tick: this.#memory.tick, clusters };
  }

  /** Of one cluster. Workers may go on writing. */
  recordOf(index: number): PartRecord {
    const { map: { cluster }, transitions, first } = this.#parts[index]!;
    const { name, buckets, seed, mask, backends } = cluster;
    return {
      cluster: { name, buckets, seed, mask },
      backends: backends.map((backend) => (
        { name: backend.name, address: backend.address, neighbor: this.#neighborOf(backend) }
      )),
      transitions: transitions.record(),
      began: this.#memory.began(first, buckets),
      remembered: this.rememberedOf(index),
    };
  }

  /** By cluster; empty where nothing is in transition. Workers may go on writing. */
  recordRemembered(): RememberedRecord[] {
    return this.#parts.map((_, index) => this.rememberedOf(index));
  }

  /** Of one cluster. */
  rememberedOf(index: number): RememberedRecord {
    const { map: { cluster }, transitions, first } = this.#parts[index]!;
    const strayed = transitions.size === 0
      ? new Int32Array()
      : this.#memory.strayedOf(first, cluster.buckets);
    return { strayed, connections: this.connectionsOf(index) };
  }

  /** Those of one cluster that are remembered: as table/connections.ts records them. */
  connectionsOf(index: number): Int32Array<ArrayBuffer> {
    const { transitions } = this.#parts[index]!;
    return transitions.size === 0 ? new Int32Array() : this.#memory.connections[index]!.record();
  }

  /** Seconds by which transitions are timed. */
  get tick(): number {
    return this.#memory.tick;
  }

  /** How many buckets of a cluster are in transition. */
  sizeOf(index: number): number {
    return this.#parts[index]!.transitions.size;
  }

  /** Of a cluster: another number whenever its transitions have changed. */
  revisionOf(index: number): number {
    return this.#parts[index]!.transitions.revision;
  }

  /**
   * Takes over those by another configuration, which have been stopped, of each cluster whose clients are in the same buckets as
   * there. Then comes `follow`; and, if workers went on writing there, `adoptLater` when they do no more.
   */
  adopt(before: TransitionsRecord): void {
    this.#memory.adoptTick(before.tick);
    for (const { part, other, indexOf } of sameClusters(this.#parts, before)) {
      part.transitions.adopt(other.transitions, indexOf);
      this.#memory.adoptBegan(part.first, other.began);
    }
    this.#adoptRemembered(before, before.clusters.map(({ remembered }) => remembered), []);
  }

  /**
   * Goes on by those of another dispatcher, in the middle of its work: what is known here of the same clusters is forgotten. No frame to
   * them may have come for a while. Then comes `follow`.
   */
  goOnBy(before: TransitionsRecord): void {
    for (const { part } of sameClusters(this.#parts, before)) {
      const { map, first, index } = part;
      part.transitions = new ClusterTransitions(map.cluster.transition, map.live);
      this.#memory.forgetStrayed(first, map.cluster.buckets);
      this.#memory.connections[index]!.retire(() => true);
    }
    this.#hasEnded = true; // So that the next sweep makes room of them.
    this.adopt(before);
  }

  /** What workers have written there since. */
  adoptLater(before: TransitionsRecord, later: readonly RememberedRecord[]): void {
    this.#adoptRemembered(before, later, before.clusters.map(({ remembered }) => remembered));
  }

  #adoptRemembered(
    before: TransitionsRecord,
    now: readonly RememberedRecord[],
    known: readonly RememberedRecord[],
  ): void {
    for (const { part, other, place, indexOf } of sameClusters(this.#parts, before)) {
      const { map: { cluster }, transitions, first, index } = part;
      const { strayed, connections } = now[place]!;
      this.#memory.adoptStrayed(first, strayed);
      const neighbors = new Map(other.backends.map(({ neighbor }, at) => {
        const backend = cluster.backends[indexOf(at)];
        return [neighbor, backend === undefined ? NO_BACKEND : this.#neighborOf(backend)];
      }));
      const isMoving = (bucket: number) =>
        other.transitions.former[bucket] !== NO_BACKEND && transitions.has(bucket);
      part.unremembered += this.#memory.connections[index]!.adopt(connections, (owner, bucket) => {
        const neighbor = neighbors.get(owner)!;
        return isMoving(bucket) && part.keeping.has(neighbor) ? neighbor : NO_BACKEND;
      }, known[place]?.connections);
    }
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
      for (let bucket = 0; bucket < map.cluster.buckets; bucket++) {
        if (!transitions.has(bucket)) continue;
        table.setOldOwner(first + bucket, numbers[transitions.old(bucket)] ?? NO_BACKEND);
      }
    }
  }

  /** Who keeps the old connections of a cluster's bucket; undefined while it is in no transition. */
  oldOwner(cluster: number, bucket: number): BackendConfig | undefined {
    const { map, transitions } = this.#parts[cluster]!;
    return transitions.has(bucket) ? map.cluster.backends[transitions.old(bucket)] : undefined;
  }

  /** The buckets of a cluster that are in transition. */
  bucketsOf(cluster: number): number[] {
    const { map, transitions } = this.#parts[cluster]!;
    const buckets: number[] = [];
    if (transitions.size === 0) return buckets;
    for (let bucket = 0; bucket < map.cluster.buckets; bucket++) {
      if (transitions.has(bucket)) buckets.push(bucket);
    }
    return buckets;
  }

  /** Of a cluster. Its workers count what they find no room for; here is what a reload found none for. */
  of(cluster: number): TransitionReport {
    const { transitions, index, unremembered } = this.#parts[cluster]!;
    return { buckets: transitions.size, remembered: this.#memory.connections[index]!.count(), unremembered };
  }

  stop(): void {
    this.#isStopped = true;
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
      if (this.#isStopped) return;
    }
    const retired = this.#retire();
    if (retired.some((count) => count > 0)) {
      await this.#events.publish();
      if (this.#isStopped) return;
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
