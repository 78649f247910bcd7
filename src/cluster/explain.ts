/** Which backend serves a client, and why: the path's own hash and map, without a packet. */

import { UsageError } from "../input/errors.ts";
import { parseIp } from "../wire/address.ts";
import { ClusterMap } from "./cluster_map.ts";
import type { Config } from "../config/config.ts";

/** Which backend a cluster has for a client, and how that comes. */
export interface Explanation {
  readonly client: string;
  readonly cluster: string;
  /** 32 bits in hex, as nftables' jhash gives them. */
  readonly hash: string;
  readonly bucket: number;
  /** Null when no backend is live. */
  readonly backend: string | null;
}

/** A row for each client and cluster, with the named backends down. Throws UsageError for an address or a name that is none. */
export function explain(config: Config, clients: readonly string[], down: readonly string[]): Explanation[] {
  const names = namesOf(config);
  const maps = mapsWithDown(config, down);
  return clients.flatMap((client) => {
    const address = parseIp(client);
    if (address === undefined) {
      const remedy = names.has(client)
        ? `it is a backend; give several to --down with commas, such as --down ${[...down, client].join(",")}`
        : "give one such as 198.51.100.7 or 2001:db8::7";
      throw new UsageError(`"${client}" is no address; ${remedy}`);
    }
    return maps.map((map) => explainIn(map, client, address));
  });
}

/** `address`: of the client, parsed. */
export function explainIn(map: ClusterMap, client: string, address: string): Explanation {
  const { hash, bucket, backend } = map.place(address);
  const hex = (hash >>> 0).toString(16).padStart(8, "0");
  return { client, cluster: map.cluster.name, hash: `0x${hex}`, bucket, backend: backend?.name ?? null };
}

/** The bucket map of each cluster, with the named backends down. Throws UsageError for a name that is none. */
export function mapsWithDown(config: Config, down: readonly string[]): ClusterMap[] {
  const names = namesOf(config);
  const unknown = down.find((name) => !names.has(name));
  if (unknown !== undefined) {
    throw new UsageError(`There is no backend "${unknown}"; the configuration has ${[...names].join(", ")}`);
  }
  const maps = config.clusters.map((cluster) => new ClusterMap(cluster));
  for (const map of maps) map.update(({ name }) => !down.includes(name));
  return maps;
}

function namesOf({ clusters }: Config): Set<string> {
  return new Set(clusters.flatMap(({ backends }) => backends.map(({ name }) => name)));
}
