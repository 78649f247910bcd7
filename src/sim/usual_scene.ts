/**
 * The usual scene of a configuration: clients far away, a router, and the link of the dispatcher and its backends.
 *
 *     client1 ─┐                        ┌─ dispatcher, or dispatcher1 and dispatcher2 of a pair
 *     client2 ─┼─ wan ── router ── lan ─┼─ web1   each with the cluster addresses on its loopback, silent
 *     client3 ─┘                        └─ web2
 */

import { type Node, parseDocument } from "yaml";
import { type ClusterConfig, type Config, mayBroadcast } from "../config/config.ts";
import { portsOf, probesOf } from "../config/health.ts";
import { UsageError } from "../input/errors.ts";
import {
  type Cidr,
  contains,
  formatMac,
  hostLength,
  ipOf,
  isIpv6,
  lastOf,
  networkOf,
  octetsOf,
  parseCidr,
} from "../wire/address.ts";
import type {
  Scene,
  SceneBackend,
  SceneHost,
  SceneLink,
  SceneNode,
  SceneRoute,
  SceneServer,
} from "./scene.ts";
import { USUAL_SERVERS } from "./server.ts";
import { Texts } from "./texts.ts";

/** What the usual scene has besides what the configuration says. */
export interface UsualOptions {
  readonly seed?: number;
  /** Default: 3. */
  readonly clients?: number;
  /** Of each client and family, each of which is hashed for itself. Default: 1. */
  readonly addresses?: number;
}

/** For the clients: the first of these that the dispatcher's link does not overlap. */
const WANS = ["198.18.0.0/16", "172.20.0.0/16"] as const;
const WANS6 = ["2001:db8:1::/64", "2001:db8:ffff::/64"] as const;

/** Of files that the configuration names and nobody has given. */
const KEY = "b25laXAgc2ltdWxhdG9yIGtleSAx\n";

/**
 * `texts`: of one configuration, or of each of several dispatchers. One of a pair is enough: the other one's follows from it. Throws
 * InputError for mistakes in one, and UsageError when it is for a network that this scene cannot have.
 */
export function sceneOf(texts: string | readonly string[], options: UsualOptions = {}): Scene {
  const dispatchers = dispatchersOf([texts].flat());
  const { config } = dispatchers[0]!;
  const link = linkOf(dispatchers.map(({ config }) => config));
  const backends = backendsOf(config, link, dispatchers[0]!.file);
  const clients = clientsOf(link, options);
  const nodes: Record<string, SceneNode> = {
    ...clients.nodes,
    wan: { kind: "switch" },
    router: {
      kind: "router",
      ports: { wan: { addresses: clients.router }, lan: { addresses: link.router.map(written) } },
      routes: routesOf(dispatchers.map(({ config }) => config), link),
    },
    lan: { kind: "switch" },
    ...Object.fromEntries(dispatchers.map(({ name, file }) => [name, { kind: "dispatcher", config: file }])),
    ...backends,
  };
  if (config.fleet?.etcd !== undefined) nodes["etcd"] = { kind: "etcd" };
  return {
    seed: options.seed ?? 1,
    files: { ...Object.fromEntries(dispatchers.map(({ file, text }) => [file, text])), ...keysOf(config) },
    nodes,
    links: [
      ...Object.keys(clients.nodes).map((name): SceneLink => ({ ends: [name, "wan"] })),
      { ends: ["wan", "router:wan"] },
      { ends: ["router:lan", "lan"] },
      ...[...dispatchers.map(({ name }) => name), ...Object.keys(backends)].map((name): SceneLink => ({
        ends: ["lan", name],
      })),
    ],
  };
}

interface Dispatcher {
  readonly name: string;
  readonly file: string;
  readonly text: string;
  readonly config: Config;
}

function dispatchersOf(texts: readonly string[]): Dispatcher[] {
  const of = (text: string, name: string): Dispatcher => {
    const file = `${name}.yaml`;
    return { name, file, text, config: new Texts({ [file]: text }).config(file, name) };
  };
  if (texts.length > 1) return texts.map((text, index) => of(text, `dispatcher${index + 1}`));
  const [text] = texts;
  if (text === undefined) throw new UsageError("A scene needs a configuration");
  const only = of(text, "dispatcher");
  if (only.config.dispatcher.vrrp === undefined) return [only];
  const first = of(text, "dispatcher1");
  return [first, of(textOfOther(first), "dispatcher2")];
}

/** The other one of a pair has the same configuration, but for its MAC and its own addresses. */
function textOfOther({ text, config }: Dispatcher): string {
  const { addresses, vrrp, mac } = config.dispatcher;
  const { peer } = vrrp!;
  const taken = addressesIn(config);
  const others = addresses.map((own) => {
    const known = peer !== undefined && contains(own, peer.address) ? peer.address : freeOf(own, taken);
    return `${known}/${own.prefixLength}`;
  });
  const changes = new Map([["addresses", `[${others.map((one) => `"${one}"`).join(", ")}]`]]);
  // Where it names none, each machine has one of its own.
  changes.set("mac", `"${formatMac(mac.high, mac.low ^ 1)}"`);
  const own = peer && addresses.find(({ address }) => isIpv6(address) === isIpv6(peer.address));
  if (own !== undefined) changes.set("vrrp.peer.address", `"${own.address}"`);
  return rewritten(text, changes);
}

/** The same text with other values of some of the dispatcher's keys, where it has them. */
function rewritten(text: string, changes: ReadonlyMap<string, string>): string {
  const document = parseDocument(text);
  const places = [...changes].flatMap(([key, value]) => {
    const node = document.getIn(["dispatcher", ...key.split(".")], true) as Node | undefined;
    return node?.range ? [{ from: node.range[0], to: node.range[1], value }] : [];
  });
  // From behind, so that offsets hold. A list in lines of its own ends at the beginning of what comes next.
  return places.sort((a, b) => b.from - a.from).reduce((text, { from, to, value }) => {
    const rest = text.slice(from, to).endsWith("\n") ? "\n" : "";
    return `${text.slice(0, from)}${value}${rest}${text.slice(to)}`;
  }, text);
}

/** All that somebody has by a configuration. */
function addressesIn({ dispatcher, clusters }: Config): string[] {
  const { addresses, vrrp, gateways, routes } = dispatcher;
  return [
    ...[...addresses, ...(vrrp?.addresses ?? [])].map(({ address }) => address),
    ...(vrrp?.peer === undefined ? [] : [vrrp.peer.address]),
    ...gateways,
    ...routes.map(({ via }) => via),
    ...clusters.flatMap(({ addresses, backends }) => [
      ...addresses,
      ...backends.map(({ address }) => address),
    ]),
  ];
}

/** The dispatchers' link. */
interface Lan {
  readonly networks: readonly Cidr[];
  /** Of the router there, one of each network. */
  readonly router: readonly Cidr[];
  /** The next free address of a network. */
  next(network: Cidr): string;
}

function linkOf(configs: readonly Config[]): Lan {
  const { dispatcher: { addresses, gateways } } = configs[0]!;
  const networks = [...new Map(addresses.map((own) => [networkOf(own), own])).values()];
  const taken = configs.flatMap(addressesIn);
  const next = (network: Cidr) => {
    const address = freeOf(network, taken);
    taken.push(address);
    return address;
  };
  const router = networks.map((network) => {
    const address = gateways.find((gateway) => contains(network, gateway)) ?? next(network);
    return { address, prefixLength: network.prefixLength };
  });
  return { networks, router, next };
}

function written({ address, prefixLength }: Cidr): string {
  return `${address}/${prefixLength}`;
}

/** The lowest address of a network that nobody has. */
function freeOf(network: Cidr, taken: readonly string[]): string {
  const octets = octetsOf(networkOf(network));
  const last = lastOf(network);
  for (let count = 0; count < 65_534; count++) {
    for (let at = octets.length - 1; at >= 0 && ++octets[at]! > 255; at--) octets[at] = 0;
    const address = ipOf(octets);
    if (address === last) break;
    if (!taken.includes(address)) return address;
  }
  throw new UsageError(
    `The link ${
      networkOf(network)
    }/${network.prefixLength} has no free address for the other machines of the scene; use a larger one`,
  );
}

/** By the router's routes; those of its links it has anyway. With a fleet every dispatcher is a next hop of the same cost. */
function routesOf(configs: readonly Config[], { networks }: Lan): SceneRoute[] {
  const { clusters, fleet } = configs[0]!;
  return clusters.flatMap(({ addresses }) => addresses).flatMap((to) => {
    if (fleet === undefined && networks.some((network) => contains(network, to))) return [];
    const via = configs.flatMap(({ dispatcher: { vrrp, addresses } }) =>
      (vrrp?.addresses ?? addresses).map(({ address }) => address)
    ).filter((address) => isIpv6(address) === isIpv6(to));
    return via.length === 0 ? [] : [{ to: `${to}/${hostLength(to)}`, via: [...new Set(via)] }];
  });
}

function clientsOf({ networks }: Lan, { clients = 3, addresses = 1 }: UsualOptions) {
  const families = new Set(networks.map(({ address }) => isIpv6(address)));
  const wans = [WANS, WANS6].filter((_, index) => families.has(index === 1)).map((choice) => {
    const free = choice.map((text) => parseCidr(text)!).find((wan) =>
      !networks.some((network) => contains(network, wan.address) || contains(wan, network.address))
    );
    return free ?? parseCidr(choice[0])!;
  });
  if (clients > 255 || addresses > 254) {
    throw new UsageError(
      "A usual scene has 255 clients at most, each with 254 addresses; write a scene of your own for more",
    );
  }
  const nodes: Record<string, SceneHost> = {};
  for (let client = 1; client <= clients; client++) {
    const of = (wan: Cidr) =>
      Array.from(
        { length: addresses },
        (_, index) => `${placeIn(wan, client, index + 1)}/${wan.prefixLength}`,
      );
    nodes[`client${client}`] = {
      kind: "client",
      addresses: wans.flatMap(of),
      gateways: wans.map((wan) => placeIn(wan, 0, 1)),
    };
  }
  return { nodes, router: wans.map((wan) => `${placeIn(wan, 0, 1)}/${wan.prefixLength}`) };
}

/** An address of a client's own part, from 0 to 255, of such a network. */
function placeIn(network: Cidr, client: number, number: number): string {
  const octets = octetsOf(networkOf(network));
  const at = octets.length - 2;
  octets[isIpv6(network.address) ? at - 1 : at] = client;
  octets[at + 1] = number;
  return ipOf(octets);
}

/** By their names; two of one name in different clusters that are different machines have their cluster's name before theirs. */
function backendsOf(config: Config, lan: Lan, file: string): Record<string, SceneBackend> {
  const found = new Map<string, { readonly cluster: ClusterConfig; readonly name: string }[]>();
  for (const cluster of config.clusters) {
    for (const { name, address } of cluster.backends) {
      found.set(address, [...(found.get(address) ?? []), { cluster, name }]);
    }
  }
  const nodes: Record<string, SceneBackend> = {};
  for (const [address, roles] of found) {
    const { cluster, name } = roles[0]!;
    const own = lan.networks.find((network) => contains(network, address))!;
    const others = lan.networks.filter((network) => isIpv6(network.address) !== isIpv6(own.address));
    const filtered = roles.find(({ cluster }) => mayBroadcast(cluster));
    nodes[name in nodes || RESERVED.includes(name) ? `${cluster.name}-${name}` : name] = {
      kind: "backend",
      addresses: [
        `${address}/${own.prefixLength}`,
        ...others.slice(0, 1).map((network) => `${lan.next(network)}/${network.prefixLength}`),
      ],
      gateways: lan.router.map(({ address }) => address),
      loopback: [...new Set(roles.flatMap(({ cluster }) => cluster.addresses))],
      servers: serversOf(roles.map(({ cluster }) => cluster)),
      ...(filtered && { filter: { config: file, cluster: filtered.cluster.name, backend: filtered.name } }),
    };
  }
  return nodes;
}

const RESERVED = ["wan", "lan", "router", "etcd"];

/** What is served, and what is probed besides. */
function serversOf(clusters: readonly ClusterConfig[]): SceneServer[] {
  const servers = clusters.flatMap((cluster) => [
    ...(cluster.ports ?? USUAL_SERVERS),
    ...cluster.backends.flatMap((backend) => probesOf(cluster, backend)).flatMap((probe) => {
      const protocol = probe.type === "udp" || probe.type === "dns" ? "udp" : "tcp";
      return portsOf(probe, cluster.ports).filter((port) => port > 0).map((
        port,
      ) => ({ protocol, port } as const));
    }),
  ]);
  return [
    ...new Map(servers.map(({ protocol, port }) => [`${port}/${protocol}`, { protocol, port }])).values(),
  ];
}

/** The files with keys that it names. */
function keysOf({ dispatcher, clusters }: Config): Record<string, string> {
  const names = [dispatcher.vrrp?.peer?.keyFile, ...clusters.map(({ agent }) => agent?.keyFile)];
  return Object.fromEntries(names.filter((name) => name !== undefined).map((name) => [name, KEY]));
}
