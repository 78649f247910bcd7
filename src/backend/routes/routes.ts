/**
 * The extra route: an alias whose mask is wider than the address brings a route for its whole network, and the backend then
 * believes that this network is itself. On every system it looks the same: a network that contains the cluster address,
 * reached through the cluster address or the loopback interface.
 */

import { type Cidr, contains, hostLength, parseIp } from "../../wire/address.ts";

/** A row of a routing table, of any system. */
export interface Route {
  readonly network: Cidr;
  /** The network as the table writes it. */
  readonly text: string;
  /** An address; undefined where the row names a link, or nothing. */
  readonly gateway: string | undefined;
  /** Name of the interface; on Windows its address. Empty where the table does not show it. */
  readonly interface: string;
  /** The address to send from. Only Linux prints it. */
  readonly source?: string;
  /** What kind of route it is; missing for a plain one. */
  readonly type?: string;
  /** Linux's name of the table; missing for "main". */
  readonly table?: string;
  /** On Windows the number of the loopback adapter, where the list of interfaces shows exactly one. */
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

/** The extra routes that these cluster addresses caused, without repeats. */
export function extraRoutes(routes: readonly Route[], clusters: readonly string[]): ExtraRoute[] {
  const networks = routes.filter(isNetwork);
  const isFirst = (route: Route, index: number) => networks.findIndex((one) => isSame(one, route)) === index;
  // An interface address that a default route uses is the machine's own, even where somebody calls it a cluster address.
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
 * The cluster addresses, guessed from a table for a user who has not named them. Where interfaces have names, these are the
 * addresses of the loopback interface. On Windows an interface goes by its address: there it is one that no default route uses,
 * and whose network also holds the address of one that a default route does use. Without the latter it may be any second adapter.
 */
export function inferClusters(routes: readonly Route[]): string[] {
  const primaries = primariesOf(routes);
  const networks = routes.filter(isNetwork);
  const beside = networks.filter(({ network, interface: at }) =>
    !primaries.includes(at) && parseIp(at) !== undefined && contains(network, at) &&
    primaries.some((primary) => parseIp(primary) !== undefined && contains(network, primary))
  ).map((route) => route.interface);
  const onLoopback = routes.filter((route) => LOOPBACK.test(route.interface));
  const named = onLoopback.filter(isNetwork).flatMap(({ network, source, gateway }) =>
    [source, gateway].filter((address) => address !== undefined && contains(network, address))
  ) as string[];
  // Some systems route the machine's own address over the loopback interface. That address is the gateway of its link.
  const gateways = networks.filter((route) => !LOOPBACK.test(route.interface)).map(({ gateway }) => gateway);
  const hosts = onLoopback.filter(isHost).map(({ network }) => network.address).filter((address) =>
    !gateways.includes(address)
  );
  return [...new Set([...beside, ...named, ...hosts])].filter((address) =>
    !NEVER_EXTRA.some((network) => contains(network, address)) && address !== "::1"
  );
}

/** The interfaces of the default routes: addresses on Windows, names elsewhere. */
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
  return network.prefixLength === hostLength(network.address);
}
