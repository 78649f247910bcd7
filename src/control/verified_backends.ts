/** The backends as a verification sees them: machines, and what each must take and serve. */

import type { Config } from "./config.ts";

/** A machine as the configuration has it, by its primary address; it may be a backend of several clusters. */
export interface Backend {
  readonly name: string;
  readonly address: string;
  readonly services: readonly { readonly cluster: string; readonly ports: readonly number[] }[];
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
