/** A configuration as the path needs it, and the neighbors that it makes necessary. */

import { isIpv6 } from "../wire/address.ts";
import type { Plan } from "../path/plan.ts";
import type { BackendConfig, Config } from "./config.ts";
import { sharedAddresses } from "./vrrp.ts";

/** A configuration as the path needs it, and what its numbers of neighbors mean. */
export interface Planned {
  readonly plan: Plan;
  /** Addresses by neighbor. */
  readonly neighbors: readonly string[];
  /** By cluster: the neighbor that is its group. */
  readonly groups: readonly number[];
}

/**
 * The plan, and the addresses of the neighbors: backends, gateways and next hops, each once. Behind them the group of each
 * cluster is a neighbor too: `groups` are their numbers, by cluster.
 */
export function planOf(
  { dispatcher, clusters, fleet }: Pick<Config, "dispatcher" | "clusters" | "fleet">,
): Planned {
  const backends = clusters.flatMap((cluster) => cluster.backends);
  const nextHops = [...dispatcher.gateways, ...dispatcher.routes.map(({ via }) => via)];
  const peer = dispatcher.vrrp?.peer;
  const others = peer === undefined ? nextHops : [...nextHops, peer.address];
  const neighbors = [...new Set([...backends.map(({ address }) => address), ...others])];
  const neighborAt = (address: string | undefined) =>
    address === undefined ? undefined : neighbors.indexOf(address);
  const least = (some: readonly BackendConfig[]) => Math.min(dispatcher.mtu, ...some.map(({ mtu }) => mtu));
  const backendsAt = Map.groupBy(backends, ({ address }) => address);
  const plan: Plan = {
    mac: dispatcher.mac,
    offloads: dispatcher.offloads,
    vlan: dispatcher.vlan,
    addresses: dispatcher.addresses,
    gateway: {
      ipv4: neighborAt(dispatcher.gateways.find((address) => !isIpv6(address))),
      ipv6: neighborAt(dispatcher.gateways.find(isIpv6)),
    },
    routes: dispatcher.routes.map(({ prefix, via }) => ({ prefix, neighbor: neighbors.indexOf(via) })),
    clusters: clusters.map(({ addresses, buckets, seed, mask, ports, closed, transition }) => (
      { addresses, buckets, seed, mask, ports, closed, transition: { udp: transition.udp } }
    )),
    areClustersByRoute: fleet !== undefined,
    mtus: [
      ...neighbors.map((address) => least(backendsAt.get(address) ?? [])),
      ...clusters.map((cluster) => least(cluster.backends)),
    ],
    rateLimits: dispatcher.rateLimits,
    vrrp: dispatcher.vrrp === undefined ? undefined : {
      id: dispatcher.vrrp.id,
      addresses: sharedAddresses(dispatcher.vrrp),
      peer: peer && { address: peer.address, port: peer.port },
    },
  };
  const groups = clusters.map((_, cluster) => neighbors.length + cluster);
  return { plan, neighbors, groups };
}
