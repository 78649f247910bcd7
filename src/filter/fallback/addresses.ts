/** For which addresses a cluster's agents answer when the dispatcher is gone. */

import type { Cidr } from "../../wire/address.ts";
import { type ClusterConfig, type Config, mayBroadcast } from "../../config/config.ts";

/** Where the dispatcher is: of a pair, the addresses of the active one. */
export function nextHopsOf({ dispatcher }: Pick<Config, "dispatcher">): readonly Cidr[] {
  return dispatcher.vrrp?.addresses ?? dispatcher.addresses;
}

/**
 * The cluster's own addresses. When no cluster needs the dispatcher, also the dispatcher's, since those are the routers' next
 * hop; the agents of one cluster answer for them, the first that has agents.
 */
export function fallbackAddresses(config: Config, cluster: ClusterConfig): string[] {
  const { clusters } = config;
  const isForAll = clusters.every(mayBroadcast) &&
    clusters.find(({ agent }) => agent !== undefined)?.name === cluster.name;
  return [...cluster.addresses, ...(isForAll ? nextHopsOf(config).map(({ address }) => address) : [])];
}
