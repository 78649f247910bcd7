/** A configuration as the path needs it, and the neighbors that it makes necessary. */

import { isIpv6 } from "../wire/address.ts";
import type { Plan } from "../path/plan.ts";
import type { Config } from "./config.ts";

/** The plan, and the addresses of the neighbors by slot: backends, gateways and next hops, each once. */
export function planOf({ dispatcher, clusters }: Config): { plan: Plan; neighbors: string[] } {
  const backends = clusters.flatMap((cluster) => cluster.backends);
  const nextHops = [...dispatcher.gateways, ...dispatcher.routes.map(({ via }) => via)];
  const neighbors = [...new Set([...backends.map(({ address }) => address), ...nextHops])];
  const slotOf = (address: string | undefined) =>
    address === undefined ? undefined : neighbors.indexOf(address);
  const plan: Plan = {
    mac: dispatcher.mac,
    offloads: dispatcher.offloads,
    vlan: dispatcher.vlan,
    addresses: dispatcher.addresses,
    gateway: {
      ipv4: slotOf(dispatcher.gateways.find((address) => !isIpv6(address))),
      ipv6: slotOf(dispatcher.gateways.find(isIpv6)),
    },
    routes: dispatcher.routes.map(({ prefix, via }) => ({ prefix, slot: neighbors.indexOf(via) })),
    clusters: clusters.map(({ addresses, buckets, seed, mask, ports, closed }) => (
      { addresses, buckets, seed, mask, ports, closed }
    )),
    mtus: neighbors.map((address) =>
      Math.min(
        dispatcher.mtu,
        ...backends.filter((backend) => backend.address === address).map(({ mtu }) => mtu),
      )
    ),
    rateLimits: dispatcher.rateLimits,
  };
  return { plan, neighbors };
}
