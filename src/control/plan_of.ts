/** A configuration as the path needs it, and the neighbors that it makes necessary. */

import { isIpv6 } from "../wire/address.ts";
import type { Plan } from "../path/plan.ts";
import type { BackendConfig, Config } from "./config.ts";

/**
 * The plan, and the addresses of the neighbors by slot: backends, gateways and next hops, each once. Behind them each cluster
 * has a slot for its group.
 */
export function planOf({ dispatcher, clusters }: Config): { plan: Plan; neighbors: string[] } {
  const backends = clusters.flatMap((cluster) => cluster.backends);
  const nextHops = [...dispatcher.gateways, ...dispatcher.routes.map(({ via }) => via)];
  const neighbors = [...new Set([...backends.map(({ address }) => address), ...nextHops])];
  const slotOf = (address: string | undefined) =>
    address === undefined ? undefined : neighbors.indexOf(address);
  const least = (some: readonly BackendConfig[]) => Math.min(dispatcher.mtu, ...some.map(({ mtu }) => mtu));
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
    clusters: clusters.map(({ addresses, buckets, seed, mask, ports, closed }, index) => (
      { addresses, groupSlot: neighbors.length + index, buckets, seed, mask, ports, closed }
    )),
    mtus: [
      ...neighbors.map((neighbor) => least(backends.filter(({ address }) => address === neighbor))),
      ...clusters.map((cluster) => least(cluster.backends)),
    ],
    rateLimits: dispatcher.rateLimits,
  };
  return { plan, neighbors };
}
