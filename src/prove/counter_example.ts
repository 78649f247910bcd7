/** What was found wrong, as a sentence and as the commands that show it. */

import { formatCommand } from "../system/programs.ts";
import { ClusterMap } from "../cluster/cluster_map.ts";
import { type ClusterConfig, mayBroadcast } from "../config/config.ts";
import { ipOf, isIpv6 } from "../wire/address.ts";
import { Draws } from "./draws.ts";
import { type Down, liveness } from "./owners.ts";

export interface CounterExample {
  readonly cluster: string;
  /** Names of the backends that are down. */
  readonly down: readonly string[];
  readonly bucket: number | null;
  /** A client in that bucket; null where there is none, which a mask can bring about, or none was looked for. */
  readonly client: string | null;
  readonly found: string;
  /** For a shell. */
  readonly commands: readonly string[];
}

/** Clients that are drawn for each bucket that there is, before it counts as empty. */
const TRIES_A_BUCKET = 24;

/** The commands about one cluster of a configuration file. */
export class Commands {
  readonly #file: string;
  readonly #cluster: ClusterConfig;

  /** `file`: as the commands name the configuration. */
  constructor(file: string, cluster: ClusterConfig) {
    this.#file = file;
    this.#cluster = cluster;
  }

  /** Where a client goes, under one live set after another. */
  explain(client: string, ...downs: readonly Down[]): string[] {
    return downs.map((down) => this.#command(["explain", client], down));
  }

  /** This live set, with those around it. */
  prove(down: Down): string {
    return this.#command(["prove"], down);
  }

  /** The buckets of these backends' filters; nothing where the cluster has none. */
  filters(backends: readonly number[], down: Down): string[] {
    if (!mayBroadcast(this.#cluster)) return [];
    const names = this.#cluster.backends.map(({ name }) => name);
    const live = names.filter(liveness(this.#cluster, down)).join(",");
    return backends.map((index) => {
      const words = ["oneip", "filter", "rules", "-c", this.#file, "--backend", names[index]!];
      return formatCommand(down.size === 0 ? words : [...words, "--live", live]);
    });
  }

  #command(words: readonly string[], down: Down): string {
    const names = namesOf(this.#cluster, down).join(",");
    return formatCommand([
      "oneip",
      ...words,
      "-c",
      this.#file,
      ...(names === "" ? [] : ["--down", names]),
    ]);
  }
}

/** In the order of the configuration. */
export function namesOf({ backends }: ClusterConfig, down: Down): string[] {
  return backends.filter((_, index) => down.has(index)).map(({ name }) => name);
}

/** A client's address of a cluster's families, none of which is more likely than another. */
export function drawClient(draws: Draws, isV6: boolean): string {
  const octets = Array.from({ length: isV6 ? 16 : 4 }, () => draws.below(256));
  // Of 2000::/4, and unicast of 1.0.0.0 to 126.255.255.254.
  octets[0] = isV6 ? 0x20 + draws.below(16) : 1 + draws.below(126);
  if (!isV6) octets[3] = 1 + draws.below(254);
  return ipOf(Uint8Array.from(octets));
}

/** A client in this bucket, if there is one; always the same one. */
export function clientIn(cluster: ClusterConfig, bucket: number): string | undefined {
  const map = new ClusterMap(cluster);
  const draws = new Draws(bucket);
  const isV6 = cluster.addresses.every(isIpv6);
  for (let tries = cluster.buckets * TRIES_A_BUCKET; tries > 0; tries--) {
    const client = drawClient(draws, isV6);
    if (map.place(client).bucket === bucket) return client;
  }
  return undefined;
}
