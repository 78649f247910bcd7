/** What the options of `backend` commands say that a backend should be like. */

import type { Expected, ExpectedCluster } from "../backend/check/expected.ts";
import { ANY_LINK } from "../backend/check/expected.ts";
import type { Snapshot } from "../backend/check/snapshot.ts";
import { type Config, mayBroadcast } from "../config/config.ts";
import { parsePort } from "../wire/port.ts";
import { loadConfig } from "../config/load.ts";
import { UsageError } from "../input/errors.ts";
import { parseIp } from "../wire/address.ts";

export interface ExpectedOptions {
  readonly cluster?: string[] | undefined;
  readonly config?: string | undefined;
  readonly port?: string[] | undefined;
  readonly technique?: "route" | "broadcast" | undefined;
}

/** Throws UsageError where an option is wrong, or where nothing says which addresses are the clusters'. */
export function expectedOf(options: ExpectedOptions, snapshot: Snapshot): Expected {
  const addresses = options.cluster && parseAddresses(options.cluster);
  const ports = options.port?.map(parsePortOption);
  const given: Expected = options.config === undefined
    ? {
      ...ANY_LINK,
      clusters: addresses?.map((address) => ({ address, mayBroadcast: false, ports: [] })) ?? [],
    }
    : ofConfig(loadConfig(options.config), snapshot, options.config, addresses);
  if (given.clusters.length === 0) {
    throw new UsageError(
      "Which addresses are the clusters'? Name them with --cluster, or a configuration with -c",
    );
  }
  return {
    ...given,
    clusters: given.clusters.map((cluster) => ({
      ...cluster,
      mayBroadcast: options.technique === undefined
        ? cluster.mayBroadcast
        : options.technique === "broadcast",
      ports: ports ?? cluster.ports,
    })),
  };
}

/** Canonical text of each. Throws UsageError. */
export function parseAddresses(texts: readonly string[]): string[] {
  return [
    ...new Set(texts.map((text) => {
      const address = parseIp(text);
      if (address === undefined) {
        throw new UsageError(`"${text}" is no address; use one such as 10.0.0.100 or 2001:db8::100`);
      }
      return address;
    })),
  ];
}

function parsePortOption(text: string) {
  const port = parsePort(text.includes("/") ? text : `${text}/tcp`);
  if (port === undefined) throw new UsageError(`"${text}" is no port; use one such as 80 or 53/udp`);
  return port;
}

/** The clusters of which this machine is a backend: it has a backend's address. */
function ofConfig(
  { dispatcher, clusters }: Config,
  { interfaces }: Snapshot,
  file: string,
  only: readonly string[] | undefined,
): Expected {
  const own = new Set(interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => address)));
  const isMine = ({ address }: { readonly address: string }) => own.has(address);
  const mine = clusters.filter(({ backends }) => backends.some(isMine));
  if (mine.length === 0) {
    const known = clusters.flatMap(({ backends }) =>
      backends.map(({ name, address }) => `${name} ${address}`)
    );
    throw new UsageError(
      `This machine is no backend of "${file}": it has none of the addresses ${known.join(", ")}; ` +
        "name the cluster addresses with --cluster",
    );
  }
  const found = mine.flatMap((cluster) =>
    cluster.addresses.map((address): ExpectedCluster => ({
      address,
      mayBroadcast: mayBroadcast(cluster),
      ports: cluster.ports ?? [],
    }))
  );
  const unknown = only?.find((address) => !found.some((cluster) => cluster.address === address));
  if (unknown !== undefined) {
    throw new UsageError(`"${file}" has no cluster address ${unknown} of which this machine is a backend`);
  }
  return {
    clusters: found.filter(({ address }) => only?.includes(address) ?? true),
    mtu: {
      least: Math.max(...mine.flatMap(({ backends }) => backends.filter(isMine).map(({ mtu }) => mtu))),
      most: dispatcher.mtu,
    },
    dispatcher: dispatcher.addresses,
    gateways: dispatcher.gateways,
  };
}
