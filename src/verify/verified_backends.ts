/** The machines to verify, and the cluster addresses and ports that each must serve. */

import type { Config } from "../config/config.ts";

/** A machine of the configuration, known by its primary address. It may be a backend of several clusters. */
export interface Backend {
  readonly name: string;
  readonly address: string;
  /** TCP ports: UDP ports cannot be asked. */
  readonly services: readonly { readonly cluster: string; readonly ports: readonly number[] }[];
}

/** Names of the clusters that have no port to ask. */
export function withoutTcpPort({ clusters }: Config): string[] {
  return clusters.filter(({ ports = [] }) => !ports.some(({ protocol }) => protocol === "tcp"))
    .map(({ name }) => name);
}

/** Each machine once. */
export function backendsOf({ clusters }: Config): Backend[] {
  const services = clusters.flatMap(({ backends, addresses, ports = [] }) => {
    const tcp = ports.filter(({ protocol }) => protocol === "tcp").map(({ port }) => port);
    return backends.map((backend) => ({
      ...backend,
      services: addresses.map((cluster) => ({ cluster, ports: tcp })),
    }));
  });
  return [...Map.groupBy(services, ({ address }) => address)].map(([address, places]) => ({
    name: places[0]!.name,
    address,
    services: places.flatMap(({ services }) => services),
  }));
}
