/**
 * The extra route: an alias whose mask is wider than the address brings a route for its whole network, and the backend then
 * believes that this network is itself. On every system it looks the same: a network that contains the cluster address,
 * reached through the cluster address or the loopback interface.
 */

import { type Cidr, contains, isIpv6, parseIp } from "../wire/address.ts";

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

/** Those that these cluster addresses have brought, each once. */
export function extraRoutes(routes: readonly Route[], clusters: readonly string[]): ExtraRoute[] {
  const networks = routes.filter(isNetwork);
  const isFirst = (route: Route, index: number) => networks.findIndex((one) => isSame(one, route)) === index;
  // An address from which a default route leaves is the machine's own, whoever calls it a cluster's.
  const aliases = clusters.filter((cluster) => !primariesOf(routes).includes(cluster));
  return networks.filter(isFirst).flatMap((route) => {
    const cluster = aliases.find((cluster) =>
      contains(route.network, cluster) &&
      (route.gateway === cluster || route.interface === cluster || LOOPBACK.test(route.interface))
    );
    return cluster === undefined ? [] : [{ route, cluster }];
  });
}

/**
 * The aliases that a table betrays, for whoever does not say which addresses are the clusters'. Where interfaces have names: those
 * of the loopback interface. On Windows, where they go by their address: one that no default route leaves from, and whose network
 * also holds the address of one that a default route does leave from; without that it may be any second adapter.
 */
export function inferClusters(routes: readonly Route[]): string[] {
  const primaries = routes.filter(({ network }) => network.prefixLength === 0).map((route) =>
    route.interface
  );
  const networks = routes.filter(isNetwork);
  const beside = networks.filter(({ network, interface: at }) =>
    !primaries.includes(at) && parseIp(at) !== undefined && contains(network, at) &&
    primaries.some((primary) => parseIp(primary) !== undefined && contains(network, primary))
  ).map((route) => route.interface);
  const onLoopback = routes.filter((route) => LOOPBACK.test(route.interface));
  const named = onLoopback.filter(isNetwork).flatMap(({ network, source, gateway }) =>
    [source, gateway].filter((address) => address !== undefined && contains(network, address))
  ) as string[];
  // Some systems lay the way to the machine's own address over the loopback, and that address is the gateway of its link.
  const gateways = networks.filter((route) => !LOOPBACK.test(route.interface)).map(({ gateway }) => gateway);
  const hosts = onLoopback.filter(isHost).map(({ network }) => network.address).filter((address) =>
    !gateways.includes(address)
  );
  return [...new Set([...beside, ...named, ...hosts])].filter((address) =>
    !NEVER_EXTRA.some((network) => contains(network, address)) && address !== "::1"
  );
}

/** Of the default routes; on Windows addresses, elsewhere names. */
function primariesOf(routes: readonly Route[]): string[] {
  return routes.filter(({ network }) => network.prefixLength === 0).map((route) => route.interface);
}

function isSame(a: Route, b: Route): boolean {
  return a.text === b.text && a.network.prefixLength === b.network.prefixLength && a.gateway === b.gateway &&
    a.interface === b.interface && a.table === b.table;
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
