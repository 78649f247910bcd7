/**
 * What is forwarded where: turns the bucket maps, the techniques and the neighbors' MACs into the table that the data plane uses.
 *
 *     neighbor, health or administration changed ── liveness ── maps ── transitions ──┐
 *     technique changed ──────────────────────────────────────────────────────────────┼── fill the standby table ── publish
 *     neighbor's MAC ─────────────────────────────────────────────────────────────────┘
 */

import type { BackendConfig, ClusterConfig, Config } from "../config/config.ts";
import { ClusterMap, type Move } from "../cluster/cluster_map.ts";
import { fillOwners } from "../cluster/fill_owners.ts";
import type { Changed, LivenessBook, NeighborState } from "../cluster/liveness.ts";
import { Techniques } from "../cluster/techniques.ts";
import type { Planned } from "../config/plan.ts";
import type { Clock } from "../system/clock.ts";
import type { ForwardingTable } from "../table/forwarding_table.ts";
import { sameClusters, type TransitionsRecord } from "../cluster/transitions_record.ts";
import { NO_BACKEND } from "../table/bucket_map.ts";
import type { Neighbors } from "../table/neighbors.ts";
import type { TransitionMemory } from "../table/transition_memory.ts";
import type { Mac } from "../wire/address.ts";
import { type TransitionEvents, Transitions } from "./transitions.ts";

/** A neighbor has another MAC than before, or none any more. */
export interface NeighborChange {
  readonly address: string;
  /** Undefined: it does not answer any more. */
  readonly mac: Mac | undefined;
  /** Names of the backends at this address; none for a next hop. */
  readonly backends: readonly string[];
}

/** A cluster has another bucket map. */
export interface MapChange {
  readonly cluster: ClusterConfig;
  /** The most first. */
  readonly moves: readonly Move[];
}

/** What came of some changes. */
export interface Outcome extends Changed {
  readonly neighbors: readonly NeighborChange[];
  readonly maps: readonly MapChange[];
  /** A transition has begun, gone on or ended. */
  readonly hasTransitions: boolean;
}

export class Forwarding {
  readonly techniques: Techniques;
  readonly maps: readonly ClusterMap[];
  readonly transitions: Transitions;
  readonly #backends: readonly BackendConfig[];
  /** By primary address. */
  readonly #backendsAt: ReadonlyMap<string, readonly BackendConfig[]>;
  readonly #neighborOf: ReadonlyMap<string, number>;
  readonly #groups: readonly number[];
  readonly #liveness: LivenessBook;

  constructor(
    config: Config,
    { neighbors, groups }: Planned,
    liveness: LivenessBook,
    memory: TransitionMemory,
    clock: Clock,
    events: TransitionEvents,
  ) {
    this.techniques = new Techniques(config.clusters);
    this.maps = config.clusters.map((cluster) => new ClusterMap(cluster));
    this.#backends = config.clusters.flatMap(({ backends }) => backends);
    this.#backendsAt = Map.groupBy(this.#backends, ({ address }) => address);
    this.#neighborOf = new Map(neighbors.map((address, neighbor) => [address, neighbor]));
    this.#groups = groups;
    this.#liveness = liveness;
    this.transitions = new Transitions(
      this.maps,
      ({ address }) => this.neighborOf(address),
      memory,
      clock,
      events,
    );
  }

  /** The neighbor of the backend with this primary address. */
  neighborOf(address: string): number {
    return this.#neighborOf.get(address)!;
  }

  /** The neighbor that is a cluster's group, to which all its frames go with technique `broadcast`. */
  groupOf(cluster: number): number {
    return this.#groups[cluster]!;
  }

  /** How many buckets a backend owns now. */
  bucketsOf(cluster: ClusterConfig, backend: BackendConfig): number {
    const map = this.maps.find((map) => map.cluster === cluster)!;
    return map.shares()[cluster.backends.indexOf(backend)]!;
  }

  /** Name of the backend with this MAC. */
  backendAt({ high, low }: Mac, neighbors: Neighbors): string | undefined {
    return this.#backends.find(({ address }) => {
      const mac = neighbors.mac(this.neighborOf(address));
      return mac?.high === high && mac.low === low;
    })?.name;
  }

  /**
   * Computes anew the maps of clusters whose backends may have another share than the last time: once for all changes, in steps.
   * `changed`: neighbors that have another MAC, or none any more.
   */
  *update(changed: readonly number[], neighbors: Neighbors): Generator<void, Outcome> {
    for (const neighbor of changed) {
      this.#liveness.neighborChanged(neighbors.address(neighbor), LIVENESS[neighbors.state(neighbor)]);
    }
    const known = changed.map((neighbor) =>
      this.#changeOf(neighbors.address(neighbor), neighbors.mac(neighbor))
    );
    const found = this.#liveness.look();
    const shares = this.maps.map(({ cluster }) => this.#liveness.sharesOf(cluster.name));
    const maps: MapChange[] = [];
    let hasTransitions = false;
    for (const [index, map] of this.maps.entries()) {
      const isNew = !map.hasShares(shares[index]!);
      if (isNew) maps.push({ cluster: map.cluster, moves: yield* map.updateInSteps(shares[index]!) });
      // In the step in which the map came into use: a table that is published meanwhile has both.
      hasTransitions = this.#follow(index) || hasTransitions;
      if (isNew) yield;
    }
    return {
      ...found,
      neighbors: known,
      maps: maps.filter(({ moves }) => moves.length > 0),
      hasTransitions,
    };
  }

  /**
   * Goes on by the maps and transitions of the dispatcher that served until now, as far as the clusters are the same. What is known here
   * otherwise changes them with the next update, like any change. No frame to the clusters may have come for a while.
   */
  goOnBy(before: TransitionsRecord): void {
    const own = this.maps.map((map) => ({ map }));
    for (const { part, other, indexOf } of sameClusters(own, before)) {
      part.map.goOnBy(other.transitions.owners.map((owner) => owner === NO_BACKEND ? owner : indexOf(owner)));
    }
    this.transitions.goOnBy(before);
  }

  /** The techniques have changed: with `broadcast` it is the backends' filters that say whose a connection is. */
  techniquesChanged(): void {
    for (const cluster of this.maps.keys()) this.#follow(cluster);
  }

  /** Writes all maps, transitions and MACs as they are now. */
  fill(table: ForwardingTable, neighbors: Neighbors): void {
    const numbers = {
      neighborOf: ({ address }: BackendConfig) => this.neighborOf(address),
      groups: this.#groups,
    };
    fillOwners(table, this.maps, numbers, (cluster) => this.techniques.isBroadcast(cluster));
    this.transitions.fill(table);
    for (const neighbor of this.#neighborOf.values()) {
      const mac = neighbors.mac(neighbor);
      if (mac !== undefined) table.setMac(neighbor, mac.high, mac.low);
      else if (neighbors.state(neighbor) === "failed") table.setFailed(neighbor);
      else table.clearMac(neighbor);
    }
  }

  /** Does anything follow for the transitions from a cluster's map, or from who of it still answers? */
  #follow(cluster: number): boolean {
    const { name, backends } = this.maps[cluster]!.cluster;
    const isBroadcast = this.techniques.isBroadcast(this.maps[cluster]!.cluster);
    const keeps = backends.map((backend) => !isBroadcast && this.#liveness.of(name, backend.name).keeps);
    return this.transitions.follow(cluster, keeps);
  }

  #changeOf(address: string, mac: Mac | undefined): NeighborChange {
    return { address, mac, backends: (this.#backendsAt.get(address) ?? []).map(({ name }) => name) };
  }
}

/** The states of table/neighbors.ts, as liveness sees them: one that is being asked anew still answers until it has failed. */
const LIVENESS = {
  incomplete: "unknown",
  reachable: "reachable",
  probe: "reachable",
  failed: "failed",
} as const satisfies Record<string, NeighborState>;
