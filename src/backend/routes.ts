/**
 * The extra route: an alias whose mask is wider than the address brings a route for its whole network, and the backend then
 * believes that this network is itself. On every system it looks the same: a network that contains the cluster address,
 * reached through the cluster address or the loopback interface.
 */

import { type Cidr, contains, isIpv6 } from "../wire/address.ts";

/** A row of a routing table, of any system. */
export interface Route {
  readonly network: Cidr;
  /** The network as the table writes it. */
  readonly text: string;
  /** An address; undefined where the row has none, or a link. */
  readonly gateway: string | undefined;
  /** Its name; on Windows its address; empty where the table does not tell. */
  readonly interface: string;
  /** The address that the row says to send from, which only Linux prints. */
  readonly source?: string;
  /** The type where it is no plain one; of Linux also the table where it is not "main". */
  readonly type?: string;
  readonly table?: string;
  /** Of Windows: the number of the loopback adapter in the list of interfaces, where that is one. */
  readonly adapter?: string;
}

export interface ExtraRoute {
  readonly route: Route;
  /** The alias that brought it. */
  readonly cluster: string;
}

/** lo, lo0, and an alias of it such as lo:1. */
const LOOPBACK = /^lo\d*(:|$)/;

const NEVER_EXTRA = ["224.0.0.0/4", "127.0.0.0/8", "ff00::/8"].map((text) => {
  const [address = "", length] = text.split("/");
  return { address, prefixLength: Number(length) };
});

/** Those that these cluster addresses have brought. */
export function extraRoutes(routes: readonly Route[], clusters: readonly string[]): ExtraRoute[] {
  return routes.filter(isNetwork).flatMap((route) => {
    const cluster = clusters.find((cluster) =>
      contains(route.network, cluster) &&
      (route.gateway === cluster || route.interface === cluster || LOOPBACK.test(route.interface))
    );
    return cluster === undefined ? [] : [{ route, cluster }];
  });
}

/**
 * The aliases that a table shows, for whoever does not say which addresses are the clusters'. On Windows an address is the
 * machine's where it has a host row to itself, and an alias where no default route leaves from it. Elsewhere a network on the
 * loopback interface betrays its alias.
 */
export function inferClusters(routes: readonly Route[]): string[] {
  const primaries = routes.filter(({ network }) => network.prefixLength === 0).map((route) =>
    route.interface
  );
  const own = routes.filter((route) => isHost(route) && !primaries.includes(route.network.address)).filter(
    (route) =>
      LOOPBACK.test(route.interface) || route.interface === "127.0.0.1" ||
      route.interface === route.network.address,
  ).map(({ network }) => network.address);
  const named = routes.filter((route) => isNetwork(route) && LOOPBACK.test(route.interface))
    .flatMap(({ gateway, source, network }) =>
      [source, gateway].filter((address) => address !== undefined && contains(network, address))
    ) as string[];
  return [...new Set([...named, ...own])].filter((address) =>
    !NEVER_EXTRA.some((network) => contains(network, address))
  );
}

/** Neither host, nor default, nor multicast, nor the loopback's own network. */
function isNetwork(route: Route): boolean {
  const { network } = route;
  return !isHost(route) && network.prefixLength > 0 &&
    (route.type === undefined || route.type === "local") &&
    !NEVER_EXTRA.some((never) => contains(never, network.address));
}

function isHost({ network }: Route): boolean {
  return network.prefixLength === (isIpv6(network.address) ? 128 : 32);
}
