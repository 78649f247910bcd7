/**
 * What is forwarded where: turns the bucket maps, the techniques and the neighbors' MACs into the table that the data plane uses.
 *
 *     neighbor changed ── liveness ── maps ──┐
 *     technique changed ─────────────────────┼── fill the standby table ── publish
 *     neighbor's MAC ────────────────────────┘
 */

import type { BackendConfig, Config } from "../config/config.ts";
import { ClusterMap } from "../cluster/cluster_map.ts";
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
  /** Buckets whose owner changed. */
  readonly moved: number;
}

export class Forwarding {
  readonly techniques: Techniques;
  readonly maps: readonly ClusterMap[];
  readonly #backends: readonly BackendConfig[];
  readonly #neighborOf: ReadonlyMap<string, number>;
  readonly #groups: readonly number[];
  readonly #liveness: LivenessBook;

  constructor(config: Config, { neighbors, groups }: Planned, liveness: LivenessBook) {
    this.techniques = new Techniques(config.clusters);
    this.maps = config.clusters.map((cluster) => new ClusterMap(cluster));
    this.#backends = config.clusters.flatMap(({ backends }) => backends);
    this.#neighborOf = new Map(neighbors.map((address, neighbor) => [address, neighbor]));
    this.#groups = groups;
    this.#liveness = liveness;
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

  /** Computes the maps anew when a neighbor answers or has failed. */
  neighborChanged(neighbor: number, neighbors: Neighbors): NeighborChange {
    const address = neighbors.address(neighbor);
    this.#liveness.neighborChanged(address, LIVENESS[neighbors.state(neighbor)]);
    let moved = 0;
    for (const map of this.maps) moved += map.update((backend) => this.#liveness.of(backend.address).isLive);
    const backends = this.#backends.filter((backend) => backend.address === address).map(({ name }) => name);
    return { address, mac: neighbors.mac(neighbor), backends, moved };
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
}

/** The states of table/neighbors.ts, as liveness sees them: one that is being asked anew still answers until it has failed. */
const LIVENESS = {
  incomplete: "unknown",
  reachable: "reachable",
  probe: "reachable",
  failed: "failed",
} as const satisfies Record<string, NeighborState>;
