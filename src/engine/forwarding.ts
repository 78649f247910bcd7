/**
 * What is forwarded where: turns the bucket maps, the techniques and the neighbors' MACs into the table that the data plane uses.
 *
 *     neighbor, health or administration changed ── liveness ── maps ── transitions ──┐
 *     technique changed ──────────────────────────────────────────────────────────────┼── fill the standby table ── publish
 *     neighbor's MAC ─────────────────────────────────────────────────────────────────┘
 */

import type { BackendConfig, Config } from "../config/config.ts";
import { ClusterMap, type Moves } from "../cluster/cluster_map.ts";
import type { LivenessBook, NeighborState } from "../cluster/liveness.ts";
import { Techniques } from "../cluster/techniques.ts";
import type { Planned } from "../config/plan.ts";
import type { Clock } from "../system/clock.ts";
import { type ForwardingTable, NO_GROUP } from "../table/forwarding_table.ts";
import type { Neighbors } from "../table/neighbors.ts";
import type { TransitionMemory } from "../table/transition_memory.ts";
import type { Mac } from "../wire/address.ts";
import { type TransitionEvents, Transitions } from "./transitions.ts";

/** What came of a neighbor's change. */
export interface NeighborChange {
  readonly address: string;
  /** Undefined: it does not answer any more. */
  readonly mac: Mac | undefined;
  /** Names of the backends at this address; none for a next hop. */
  readonly backends: readonly string[];
  /** Buckets that its backends have lost by it, or gained. */
  readonly moved: number;
}

/** A backend's place in its cluster. */
interface Place {
  readonly map: ClusterMap;
  readonly index: number;
  /** By the map in use. */
  isLive: boolean;
}

/** What came of some changes. */
export interface Outcome {
  readonly neighbors: readonly NeighborChange[];
  /** A map has been computed anew, or a transition has changed. */
  readonly hasNewMap: boolean;
}

export class Forwarding {
  readonly techniques: Techniques;
  readonly maps: readonly ClusterMap[];
  readonly transitions: Transitions;
  readonly #backends: readonly BackendConfig[];
  readonly #neighborOf: ReadonlyMap<string, number>;
  readonly #groups: readonly number[];
  readonly #liveness: LivenessBook;
  readonly #places: readonly Place[];
  /** By primary address. */
  readonly #placesAt: ReadonlyMap<string, readonly Place[]>;

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
    this.#neighborOf = new Map(neighbors.map((address, neighbor) => [address, neighbor]));
    this.#groups = groups;
    this.#liveness = liveness;
    this.#places = this.maps.flatMap((map) =>
      map.cluster.backends.map((_, index): Place => ({ map, index, isLive: true }))
    );
    this.#placesAt = Map.groupBy(this.#places, ({ map, index }) => map.cluster.backends[index]!.address);
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

  /** Name of the backend with this MAC. */
  backendAt({ high, low }: Mac, neighbors: Neighbors): string | undefined {
    return this.#backends.find(({ address }) => {
      const mac = neighbors.mac(this.neighborOf(address));
      return mac?.high === high && mac.low === low;
    })?.name;
  }

  /**
   * Computes anew the maps of clusters in which a backend has come or gone since the last time: once for all changes, in steps.
   * `changed`: neighbors that have another MAC, or none any more.
   */
  *update(changed: readonly number[], neighbors: Neighbors): Generator<void, Outcome> {
    for (const neighbor of changed) {
      this.#liveness.neighborChanged(neighbors.address(neighbor), LIVENESS[neighbors.state(neighbor)]);
    }
    const known = changed.map((neighbor) => ({
      address: neighbors.address(neighbor),
      mac: neighbors.mac(neighbor),
    }));
    const turned = new Set(this.#places.filter((place) => this.#isLive(place) !== place.isLive));
    for (const place of turned) place.isLive = !place.isLive;
    const moves = new Map<ClusterMap, Moves>();
    let hasTransitions = false;
    for (const [map, places] of Map.groupBy(this.#places, ({ map }) => map)) {
      if (places.some((place) => turned.has(place))) {
        moves.set(map, yield* map.updateInSteps((index) => places[index]!.isLive));
      }
      hasTransitions = this.#follow(map) || hasTransitions;
    }
    const movedOf = (place: Place) => {
      if (!turned.has(place)) return 0;
      const { lost, gained } = moves.get(place.map)!;
      return (place.isLive ? gained : lost)[place.index]!;
    };
    return {
      neighbors: known.map(({ address, mac }) => {
        const places = this.#placesAt.get(address) ?? [];
        const backends = places.map(({ map, index }) => map.cluster.backends[index]!.name);
        return { address, mac, backends, moved: places.reduce((sum, place) => sum + movedOf(place), 0) };
      }),
      hasNewMap: moves.size > 0 || hasTransitions,
    };
  }

  /** The techniques have changed: with `broadcast` it is the backends' filters that say whose a connection is. */
  techniquesChanged(): void {
    for (const map of this.maps) this.#follow(map);
  }

  /** Writes all maps, transitions and MACs as they are now. */
  fill(table: ForwardingTable, neighbors: Neighbors): void {
    let first = 0;
    for (const [index, map] of this.maps.entries()) {
      const { buckets, group } = map.cluster;
      const neighbor = this.groupOf(index);
      table.setOwners(first, map.owners((backend) => this.neighborOf(backend.address)));
      table.setGroup(index, this.techniques.isBroadcast(map.cluster) ? neighbor : NO_GROUP);
      table.setMac(neighbor, group.high, group.low);
      first += buckets;
    }
    this.transitions.fill(table);
    for (const neighbor of this.#neighborOf.values()) {
      const mac = neighbors.mac(neighbor);
      if (mac !== undefined) table.setMac(neighbor, mac.high, mac.low);
      else if (neighbors.state(neighbor) === "failed") table.setFailed(neighbor);
      else table.clearMac(neighbor);
    }
  }

  /** Does anything follow for the transitions from a cluster's map, or from who of it still answers? */
  #follow(map: ClusterMap): boolean {
    const { name, backends } = map.cluster;
    const isBroadcast = this.techniques.isBroadcast(map.cluster);
    const keeps = backends.map((backend) => !isBroadcast && this.#liveness.of(name, backend.name).keeps);
    return this.transitions.follow(this.maps.indexOf(map), keeps);
  }

  #isLive({ map, index }: Place): boolean {
    return this.#liveness.of(map.cluster.name, map.cluster.backends[index]!.name).isLive;
  }
}

/** The states of table/neighbors.ts, as liveness sees them: one that is being asked anew still answers until it has failed. */
const LIVENESS = {
  incomplete: "unknown",
  reachable: "reachable",
  probe: "reachable",
  failed: "failed",
} as const satisfies Record<string, NeighborState>;
