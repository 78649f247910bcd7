/**
 * Where things stand in the two stretches of memory that the program reads. One is the forwarding table as the workers have it
 * (table/forwarding_table.ts). The other, the plan, is written once:
 *
 *     | addresses, IPv4 | addresses, IPv6 | clusters | MTUs, 4 octets by neighbor | service ports of clusters that have some |
 *
 *     IPv4 address   key (4), value (4)           WAYS times a home     key: as it stands in a packet
 *     IPv6 address   key (16), value (4), 0 (4)   WAYS times a home     value: 0 nobody, OWN, or a cluster's index plus one
 *
 *     cluster        | first bucket | shift | hash begin, IPv4 | hash begin, IPv6 |      4 octets each
 *                    | mask, IPv4 | ports at, or 0 | index | 0 |
 *                    | mask, IPv6 (16) | 0 (16) |
 *
 *     ports          65,536 bits for TCP, then as many for UDP
 */

import type { Plan } from "../../path/plan.ts";
import { ForwardingTable, type TablePlaces, type TableSize } from "../../table/forwarding_table.ts";
import { type Homes, localAddresses, WAYS } from "./local_addresses.ts";

/** Octets of an address's place, and where in it the value stands. */
export const CELL4 = 8;
export const VALUE4 = 4;
export const CELL6 = 24;
export const VALUE6 = 16;

/** Octets of a cluster, and what stands where in it. */
export const CLUSTER = 64;
export const FIRST_BUCKET = 0;
export const SHIFT = 4;
export const HASH4 = 8;
export const HASH6 = 12;
export const MASK4 = 16;
export const PORTS_AT = 20;
export const INDEX = 24;
export const MASK6 = 32;

/** Octets of the service ports of one protocol. */
export const PORTS = 65_536 / 8;

export interface Places {
  readonly size: TableSize;
  readonly table: TablePlaces;
  /** Octets of the forwarding table, and of the plan. */
  readonly tableLength: number;
  readonly planLength: number;
  readonly ipv4: Homes;
  readonly ipv6: Homes;
  /** Where the parts of the plan begin; the IPv4 addresses do at 0. */
  readonly addresses6: number;
  readonly clusters: number;
  readonly mtus: number;
  readonly ports: number;
}

export function placesFor(plan: Plan, { clusters, buckets, neighbors }: TableSize): Places {
  const size = { clusters, buckets, neighbors };
  const { ipv4, ipv6 } = localAddresses(plan);
  const addresses6 = ipv4.count * WAYS * CELL4;
  const clustersAt = addresses6 + ipv6.count * WAYS * CELL6;
  const mtus = clustersAt + clusters * CLUSTER;
  const ports = mtus + Math.ceil(neighbors / 2) * 8;
  return {
    size,
    table: ForwardingTable.places(size),
    tableLength: ForwardingTable.byteLength(size),
    planLength: ports + plan.clusters.filter(({ ports }) => ports !== undefined).length * 2 * PORTS,
    ipv4,
    ipv6,
    addresses6,
    clusters: clustersAt,
    mtus,
    ports,
  };
}
