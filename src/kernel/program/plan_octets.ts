/** The plan as the program reads it. What stands where is in places.ts. */

import { netmask, netmask6 } from "../../wire/address.ts";
import type { Plan } from "../../path/plan.ts";
import { INITIAL } from "../../table/hash.ts";
import { type Homes, WAYS } from "./local_addresses.ts";
import * as places from "./places.ts";
import type { Places } from "./places.ts";

export function planOctets(plan: Plan, where: Places): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(new ArrayBuffer(where.planLength));
  const view = new DataView(octets.buffer);
  putAddresses(octets, 0, where.ipv4, places.CELL4, places.VALUE4);
  putAddresses(octets, where.addresses6, where.ipv6, places.CELL6, places.VALUE6);
  putClusters(view, plan, where);
  for (const [neighbor, mtu] of plan.mtus.slice(0, where.size.neighbors).entries()) {
    view.setUint32(where.mtus + neighbor * 4, mtu, true);
  }
  return octets;
}

function putAddresses(
  octets: Uint8Array<ArrayBuffer>,
  begin: number,
  homes: Homes,
  cell: number,
  value: number,
): void {
  const view = new DataView(octets.buffer);
  for (const [home, addresses] of homes.addresses.entries()) {
    for (const [way, address] of addresses.entries()) {
      const at = begin + (home * WAYS + way) * cell;
      octets.set(address.octets, at);
      view.setUint32(at + value, address.value, true);
    }
  }
}

function putClusters(view: DataView<ArrayBuffer>, { clusters }: Plan, where: Places): void {
  let first = 0;
  let portsAt = where.ports;
  for (const [index, { buckets, seed, mask, ports }] of clusters.entries()) {
    const at = where.clusters + index * places.CLUSTER;
    view.setUint32(at + places.FIRST_BUCKET, first, true);
    view.setUint32(at + places.SHIFT, 32 - Math.log2(buckets), true);
    view.setInt32(at + places.HASH4, (INITIAL + 4 + seed) | 0, true);
    view.setInt32(at + places.HASH6, (INITIAL + 16 + seed) | 0, true);
    // Masks are laid over addresses as they stand in a packet: in network order.
    view.setInt32(at + places.MASK4, netmask(mask.ipv4));
    for (const [word, bits] of netmask6(mask.ipv6).entries()) {
      view.setInt32(at + places.MASK6 + word * 4, bits);
    }
    view.setUint32(at + places.INDEX, index, true);
    first += buckets;
    if (ports === undefined) continue;
    view.setUint32(at + places.PORTS_AT, portsAt, true);
    for (const { port, protocol } of ports) {
      const octet = portsAt + (protocol === "udp" ? places.PORTS : 0) + (port >> 3);
      view.setUint8(octet, view.getUint8(octet) | 1 << (port & 7));
    }
    portsAt += 2 * places.PORTS;
  }
}
