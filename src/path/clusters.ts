/** The clusters, as the path sees them: which bucket a client is in, and which ports are open. */

import { netmask, netmask6 } from "../wire/address.ts";
import * as protocol from "../wire/protocol.ts";
import * as transport from "../wire/transport.ts";
import * as hash from "../table/hash.ts";
import { clientOf } from "./client.ts";
import type { Packet } from "./packet.ts";
import type { ClusterPlan } from "./plan.ts";

const PORTS = 65_536;

/** What a packet to a cluster finds at the port that it is for. */
export const OPEN = 0;
export const CLOSED_REJECT = 1;
export const CLOSED_DROP = 2;

export class Clusters {
  // By cluster: its seed, where its buckets start among all, the shift that scales a hash to a bucket, its masks.
  readonly #seeds: Int32Array;
  readonly #firsts: Int32Array;
  readonly #shifts: Int32Array;
  readonly #masks: Int32Array;
  readonly #masks6: Int32Array;
  /** By cluster: for TCP and then UDP one octet a port, 1 for open; undefined when all are. */
  readonly #ports: readonly (Uint8Array | undefined)[];
  readonly #closed: Uint8Array;

  constructor(clusters: readonly ClusterPlan[]) {
    let first = 0;
    this.#firsts = Int32Array.from(clusters, ({ buckets }) => (first += buckets) - buckets);
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

  /** The bucket of the packet's client, counted over all clusters. */
  bucket(packet: Packet, cluster: number): number {
    const h = packet.isIpv6 ? this.#hash6(packet, cluster) : this.#hash4(packet, cluster);
    return this.#firsts[cluster]! + (h >>> this.#shifts[cluster]!);
  }

  hasPorts(cluster: number): boolean {
    return this.#ports[cluster] !== undefined;
  }

  /** Of a cluster that has service ports: OPEN, or how the packet is turned away. ICMP and later fragments always pass. */
  portState(packet: Packet, cluster: number): number {
    if (packet.isIcmp || packet.isLaterFragment) return OPEN;
    const isUdp = packet.protocol === protocol.UDP;
    if (!isUdp && packet.protocol !== protocol.TCP) return this.#closed[cluster]!;
    if (packet.upperLength < transport.PORTS) return CLOSED_DROP;
    const port = transport.dstPort(packet.frame, packet.upper);
    return this.#ports[cluster]![(isUdp ? PORTS : 0) + port] === 1 ? OPEN : this.#closed[cluster]!;
  }

  #hash4(packet: Packet, cluster: number): number {
    const client = packet.frame.getInt32(clientOf(packet));
    return hash.ofIpv4(client & this.#masks[cluster]!, this.#seeds[cluster]!);
  }

  #hash6(packet: Packet, cluster: number): number {
    const { frame } = packet;
    const client = clientOf(packet);
    const mask = cluster * 4;
    return hash.ofIpv6(
      frame.getInt32(client) & this.#masks6[mask]!,
      frame.getInt32(client + 4) & this.#masks6[mask + 1]!,
      frame.getInt32(client + 8) & this.#masks6[mask + 2]!,
      frame.getInt32(client + 12) & this.#masks6[mask + 3]!,
      this.#seeds[cluster]!,
    );
  }
}
