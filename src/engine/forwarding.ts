/**
 * What is forwarded where: turns the bucket maps, the techniques and the neighbors' MACs into the table that the data plane uses.
 *
 *     neighbors changed ─ liveness ── maps ──┐
 *     technique changed ─────────────────────┼── fill the standby table ── publish
 *     neighbor's MAC ────────────────────────┘
 */

import type { BackendConfig, Config } from "../config/config.ts";
import { ClusterMap, type Moves } from "../cluster/cluster_map.ts";
import { type LivenessBook, type NeighborState } from "../cluster/liveness.ts";
import { Techniques } from "../cluster/techniques.ts";
import type { Planned } from "../config/plan.ts";
import { type ForwardingTable, NO_GROUP } from "../table/forwarding_table.ts";
import type { Neighbors } from "../table/neighbors.ts";
import type { Mac } from "../wire/address.ts";

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
}

export class Forwarding {
  readonly techniques: Techniques;
  readonly maps: readonly ClusterMap[];
  readonly #backends: readonly BackendConfig[];
  readonly #neighborOf: ReadonlyMap<string, number>;
  readonly #groups: readonly number[];
  readonly #liveness: LivenessBook;
  /** By primary address. */
  readonly #places = new Map<string, Place[]>();

  constructor(config: Config, { neighbors, groups }: Planned, liveness: LivenessBook) {
    this.techniques = new Techniques(config.clusters);
    this.maps = config.clusters.map((cluster) => new ClusterMap(cluster));
    this.#backends = config.clusters.flatMap(({ backends }) => backends);
    this.#neighborOf = new Map(neighbors.map((address, neighbor) => [address, neighbor]));
    this.#groups = groups;
    this.#liveness = liveness;
    for (const map of this.maps) {
      for (const [index, { address }] of map.cluster.backends.entries()) {
        this.#places.set(address, [...this.#placesOf(address), { map, index }]);
      }
    }
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
   * Neighbors have another MAC, or none any more. Computes the maps of their clusters anew: once for all of them, in steps. What came
   * of it, by neighbor.
   */
  *neighborsChanged(changed: readonly number[], neighbors: Neighbors): Generator<void, NeighborChange[]> {
    const addresses = changed.map((neighbor) => neighbors.address(neighbor));
    const macs = changed.map((neighbor) => neighbors.mac(neighbor));
    const before = addresses.map((address) => this.#isLive(address));
    for (const [at, neighbor] of changed.entries()) {
      this.#liveness.neighborChanged(addresses[at]!, LIVENESS[neighbors.state(neighbor)]);
    }
    const after = addresses.map((address) => this.#isLive(address));
    const turned = addresses.filter((_, at) => after[at] !== before[at]);
    const moves = new Map<ClusterMap, Moves>();
    for (const map of new Set(turned.flatMap((address) => this.#placesOf(address).map(({ map }) => map)))) {
      moves.set(map, yield* map.updateInSteps((backend) => this.#isLive(backend.address)));
    }
    return addresses.map((address, at) => {
      const places = this.#placesOf(address);
      const moved = after[at] === before[at] ? 0 : places.reduce((sum, { map, index }) => {
        const { lost, gained } = moves.get(map)!;
        return sum + (after[at] ? gained : lost)[index]!;
      }, 0);
      const backends = places.map(({ map, index }) => map.cluster.backends[index]!.name);
      return { address, mac: macs[at], backends, moved };
    });
  }

  /** Writes all maps and MACs as they are now. */
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
    for (const neighbor of this.#neighborOf.values()) {
      const mac = neighbors.mac(neighbor);
      if (mac !== undefined) table.setMac(neighbor, mac.high, mac.low);
      else if (neighbors.state(neighbor) === "failed") table.setFailed(neighbor);
      else table.clearMac(neighbor);
    }
  }

  #placesOf(address: string): readonly Place[] {
    return this.#places.get(address) ?? [];
  }

  #isLive(address: string): boolean {
    return this.#liveness.of(address).isLive;
  }
}

/** The states of table/neighbors.ts, as liveness sees them: one that is being asked anew still answers until it has failed. */
const LIVENESS = {
  incomplete: "unknown",
  reachable: "reachable",
  probe: "reachable",
  failed: "failed",
} as const satisfies Record<string, NeighborState>;
