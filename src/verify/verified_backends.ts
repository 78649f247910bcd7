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
  const all = clusters.flatMap(({ backends }) => backends);
  const first = all.filter(({ address }, index) =>
    all.findIndex((other) => other.address === address) === index
  );
  return first.map(({ name, address }) => ({
    name,
    address,
    services: clusters.filter(({ backends }) => backends.some((backend) => backend.address === address))
      .flatMap((
        { addresses, ports = [] },
      ) =>
        addresses.map((cluster) => ({
          cluster,
          ports: ports.filter(({ protocol }) => protocol === "tcp").map(({ port }) => port),
        }))
      ),
  }));
}
