/** For which addresses a cluster's agents answer when the dispatcher is gone. */

import { type ClusterConfig, type Config, mayBroadcast } from "../../config/config.ts";

/**
 * The cluster's own addresses. When no cluster needs the dispatcher, also the dispatcher's, since those are the routers' next
 * hop; the agents of one cluster answer for them, the first that has agents.
 */
export function fallbackAddresses({ dispatcher, clusters }: Config, cluster: ClusterConfig): string[] {
  const isForAll = clusters.every(mayBroadcast) &&
    clusters.find(({ agent }) => agent !== undefined)?.name === cluster.name;
  return [...cluster.addresses, ...(isForAll ? dispatcher.addresses.map(({ address }) => address) : [])];
}
