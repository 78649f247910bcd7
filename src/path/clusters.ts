/** The clusters, as the path sees them: which bucket a client is in, whose it is, and which ports are open. */

import { netmask, netmask6 } from "../wire/address.ts";
import * as ipv4 from "../wire/ipv4.ts";
import { NO_BACKEND } from "../table/bucket_map.ts";
import type { ForwardingTable } from "../table/forwarding_table.ts";
import * as hash from "../table/hash.ts";
import type { ClusterPlan } from "./plan.ts";

const PORTS = 65_536;

/** What a packet's destination port is. */
export const OPEN = 0;
export const CLOSED_REJECT = 1;
export const CLOSED_DROP = 2;

export class Clusters {
  // By cluster: its seed, where its buckets start among all, the shift that scales a hash to a bucket, its masks.
  readonly #seeds: Int32Array;
  readonly #firsts: Int32Array;
  readonly #groupSlots: Int32Array;
  readonly #shifts: Int32Array;
  readonly #masks: Int32Array;
  readonly #masks6: Int32Array;
  /** By cluster: for TCP and then UDP one octet a port, 1 for open; undefined when all are. */
  readonly #ports: readonly (Uint8Array | undefined)[];
  readonly #closed: Uint8Array;

  constructor(clusters: readonly ClusterPlan[]) {
    let first = 0;
    this.#firsts = Int32Array.from(clusters, ({ buckets }) => (first += buckets) - buckets);
    this.#groupSlots = Int32Array.from(clusters, ({ groupSlot }) => groupSlot);
    this.#seeds = Int32Array.from(clusters, ({ seed }) => seed);
    this.#shifts = Int32Array.from(clusters, ({ buckets }) => 32 - Math.log2(buckets));
    this.#masks = Int32Array.from(clusters, ({ mask }) => netmask(mask.ipv4));
    this.#masks6 = Int32Array.from(clusters.flatMap(({ mask }) => [...netmask6(mask.ipv6)]));
    this.#ports = clusters.map(({ ports }) => {
      if (ports === undefined) return undefined;
      const open = new Uint8Array(2 * PORTS);
      for (const { port, protocol } of ports) open[(protocol === "udp" ? PORTS : 0) + port] = 1;
      return open;
    });
    this.#closed = Uint8Array.from(
      clusters,
      ({ closed }) => closed === "reject" ? CLOSED_REJECT : CLOSED_DROP,
    );
  }

  /** The neighbor slot of the backend that a client's address (int32) belongs to, or NO_BACKEND. */
  owner(table: ForwardingTable, cluster: number, client: number): number {
    const h = hash.ofIpv4(client & this.#masks[cluster]!, this.#seeds[cluster]!);
    return table.owner(this.#firsts[cluster]! + (h >>> this.#shifts[cluster]!));
  }

  /** The same for the client whose IPv6 address stands at an offset. */
  owner6(table: ForwardingTable, cluster: number, frame: DataView, client: number): number {
    const mask = cluster * 4;
    const h = hash.ofIpv6(
      frame.getInt32(client) & this.#masks6[mask]!,
      frame.getInt32(client + 4) & this.#masks6[mask + 1]!,
      frame.getInt32(client + 8) & this.#masks6[mask + 2]!,
      frame.getInt32(client + 12) & this.#masks6[mask + 3]!,
      this.#seeds[cluster]!,
    );
    return table.owner(this.#firsts[cluster]! + (h >>> this.#shifts[cluster]!));
  }

  /** Technique `broadcast`: the slot of the group that is to have all frames. Technique `route`: NO_BACKEND. */
  group(table: ForwardingTable, cluster: number): number {
    const slot = this.#groupSlots[cluster]!;
    return table.owner(this.#firsts[cluster]!) === slot ? slot : NO_BACKEND;
  }

  hasPorts(cluster: number): boolean {
    return this.#ports[cluster] !== undefined;
  }

  /** Of a cluster that has service ports: what becomes of a TCP or UDP packet to this port. */
  state(cluster: number, protocol: number, port: number): number {
    const open = this.#ports[cluster]!;
    return open[(protocol === ipv4.PROTOCOL_UDP ? PORTS : 0) + port] === 1 ? OPEN : this.#closed[cluster]!;
  }

  /** Of a cluster that has service ports: what becomes of what is closed. */
  closed(cluster: number): number {
    return this.#closed[cluster]!;
  }
}
