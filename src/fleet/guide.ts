/**
 * What BIRD on a dispatcher's machine and the router must be told, so that the router spreads clients over a fleet: text to be copied into
 * their configurations. All of it was seen to work with bird 2.0.12 and FRR 8.4.4.
 */

import type { Config } from "../config/config.ts";
import { hostLength, isIpv6, networkOf } from "../wire/address.ts";
import { FAMILIES, familiesOf, type Family, PREFIX, protocolsOf } from "./announcement.ts";

export interface GuideOptions {
  /** Numbers of the autonomous systems. */
  readonly as: number;
  readonly routerAs: number;
}

export interface FleetRecipe {
  readonly system:
    | "BIRD on each dispatcher's machine"
    | "BIRD on the router"
    | "FRR on the router"
    | "Linux router, static";
  readonly isConfirmed: boolean;
  /** Words in capitals are the reader's own. */
  readonly commands: readonly string[];
  readonly notes: readonly string[];
}

export function fleetGuide(config: Config, options: GuideOptions): FleetRecipe[] {
  const recipe = (system: FleetRecipe["system"], text: string, ...notes: string[]): FleetRecipe => ({
    system,
    isConfirmed: true,
    commands: text.trimEnd().split("\n"),
    notes,
  });
  const byStatic = recipe(
    "Linux router, static",
    staticRoutes(config),
    "OTHER stands for the next hops of the other dispatchers, one nexthop each. A dispatcher that answers no ARP leaves the set by itself,",
    "within some 5 s; without the second line it takes half a minute or so.",
    "In IPv6 a Linux router goes on sending to a next hop that does not answer: there let BIRD announce the routes.",
  );
  if (config.fleet?.bird === undefined) return [byStatic];
  return [
    recipe(
      "BIRD on each dispatcher's machine",
      birdOnDispatcher(config, options),
      "Where BIRD has a protocol kernel, do not export these routes to it: they are the routers' alone.",
    ),
    recipe(
      "BIRD on the router",
      birdOnRouter(config, options),
      "A further dispatcher is known to it already.",
    ),
    recipe("FRR on the router", frrOnRouter(config, options), "bgpd and bfdd are to run: /etc/frr/daemons."),
    byStatic,
  ];
}

const BIRD_HEAD = `\
log syslog all;
protocol device {}
protocol bfd { interface "*" { interval 300 ms; multiplier 3; }; }
`;

/** BIRD waits for a minute by default, and five after the next failure. */
const AGAIN_SOON = `\
  connect delay time 1;
  connect retry time 5;
  error wait time 1, 5;
`;

export function birdOnDispatcher({ dispatcher, clusters }: Config, { as, routerAs }: GuideOptions): string {
  const statics = clusters.flatMap((cluster) =>
    familiesOf(cluster).flatMap((family) => {
      const { usual, drain } = protocolsOf(cluster.name, family);
      const routes = cluster.addresses.filter((address) => isOf(address, family))
        .map((address) => `  route ${address}/${hostLength(address)} via "${dispatcher.interface}"`);
      const community = " { bgp_community.add((65535, 0)); }";
      return [
        `protocol static ${symbol(usual)} {\n  ${family};\n  check link yes;\n${lines(routes, ";")}}`,
        `protocol static ${
          symbol(drain)
        } {\n  disabled;\n  ${family} { preference 199; };\n  check link yes;\n${
          lines(routes, `${community};`)
        }}`,
      ];
    })
  );
  const channels = usedFamilies(clusters).map((family) =>
    `\
  ${family} {
    import none;
    export filter {
      if proto !~ "${PREFIX}*" then reject;
      bgp_next_hop = ${nextHopOf(dispatcher, family)};
      accept;
    };
  };
`
  );
  const sessions = routersOf(dispatcher).map((router, index) =>
    `\
protocol bgp router${index + 1} {
  local as ${as};
  neighbor ${router} as ${routerAs};
  bfd;
${AGAIN_SOON}${channels.join("")}}`
  );
  return [BIRD_HEAD + `router id ${routerId(dispatcher)};`, ...statics, ...sessions].join("\n\n") + "\n";
}

export function birdOnRouter({ dispatcher, clusters }: Config, { as, routerAs }: GuideOptions): string {
  const families = usedFamilies(clusters);
  const kernels = families.map((family) =>
    `protocol kernel {\n  ${family} { import none; export where source = RTS_BGP; };\n  merge paths yes limit 64;\n}`
  );
  const tests = families.map((family) =>
    `  if net.type = NET_IP${family === "ipv4" ? 4 : 6} && net !~ [${
      prefixesOf(clusters, family).join(", ")
    }] then reject;\n`
  );
  const filter = `filter from_dispatchers {\n${tests.join("")}  # RFC 8326\n` +
    "  if (65535, 0) ~ bgp_community then bgp_local_pref = 0;\n  accept;\n}";
  const sessions = linksOf(dispatcher).map((network, index) =>
    `\
protocol bgp dispatchers${index + 1} {
  local as ${routerAs};
  neighbor range ${network} as ${as};
  dynamic name "dispatcher${index + 1}_";
  bfd;
${AGAIN_SOON}${
      families.map((family) => `  ${family} { import filter from_dispatchers; export none; };\n`).join("")
    }}`
  );
  return [BIRD_HEAD.trimEnd(), ...kernels, filter, ...sessions].join("\n\n") + "\n";
}

export function frrOnRouter({ dispatcher, clusters }: Config, { as, routerAs }: GuideOptions): string {
  const families = usedFamilies(clusters);
  const lists = families.flatMap((family) =>
    prefixesOf(clusters, family).map((prefix) => `${word(family)} prefix-list oneip permit ${prefix}`)
  );
  const maps = families.flatMap((family, index) => [
    `route-map oneip permit ${10 * (index + 1)}`,
    ` match ${word(family)} address prefix-list oneip`,
  ]);
  const channels = families.flatMap((family) => [
    ` address-family ${family} unicast`,
    "  neighbor oneip activate",
    "  neighbor oneip route-map oneip in",
    "  maximum-paths 64",
    " exit-address-family",
  ]);
  return [
    "bfd",
    " profile oneip",
    "  receive-interval 300",
    "  transmit-interval 300",
    "!",
    ...lists,
    ...maps,
    "!",
    `router bgp ${routerAs}`,
    " neighbor oneip peer-group",
    ` neighbor oneip remote-as ${as}`,
    " neighbor oneip bfd profile oneip",
    ...linksOf(dispatcher).map((network) => ` bgp listen range ${network} peer-group oneip`),
    ...channels,
  ].join("\n") + "\n";
}

function staticRoutes({ dispatcher, clusters }: Config): string {
  return [
    "sysctl -w net.ipv4.fib_multipath_use_neigh=1",
    "sysctl -w net.ipv4.neigh.INTERFACE.base_reachable_time_ms=1000 net.ipv4.neigh.INTERFACE.delay_first_probe_time=1",
    ...clusters.flatMap(({ addresses }) =>
      addresses.map((address) => {
        const family = isIpv6(address) ? "ipv6" : "ipv4";
        const ip = family === "ipv6" ? "ip -6" : "ip";
        const via = nextHopOf(dispatcher, family);
        return `${ip} route replace ${address}/${hostLength(address)} nexthop via ${via} nexthop via OTHER`;
      })
    ),
  ].join("\n");
}

type Dispatcher = Config["dispatcher"];
type Clusters = Config["clusters"];

const word = (family: Family) => family === "ipv4" ? "ip" : "ipv6";

function isOf(address: string, family: Family): boolean {
  return isIpv6(address) === (family === "ipv6");
}

function usedFamilies(clusters: Clusters): Family[] {
  return FAMILIES.filter((family) => clusters.some((cluster) => familiesOf(cluster).includes(family)));
}

function prefixesOf(clusters: Clusters, family: Family): string[] {
  return clusters.flatMap(({ addresses }) => addresses).filter((address) => isOf(address, family))
    .map((address) => `${address}/${hostLength(address)}`);
}

/** A check of the configuration says that there is one (config/fleet.ts). */
function nextHopOf({ addresses }: Dispatcher, family: Family): string {
  return addresses.find(({ address }) => isOf(address, family))!.address;
}

/** One session carries both families; so one router is asked once, at its address of the first family that there is. */
function routersOf({ gateways }: Dispatcher): string[] {
  const router = gateways.find((address) => !isIpv6(address)) ?? gateways[0];
  return [router ?? "ROUTER"];
}

/** The networks in which dispatchers' machines are, of the family of which the sessions are. */
function linksOf(dispatcher: Dispatcher): string[] {
  const isV6 = isIpv6(routersOf(dispatcher)[0]!);
  const links = dispatcher.addresses.filter(({ address }) => isIpv6(address) === isV6);
  return [
    ...new Set(
      (links.length > 0 ? links : dispatcher.addresses).map((link) =>
        `${networkOf(link)}/${link.prefixLength}`
      ),
    ),
  ];
}

/** Any number that no other machine has: the dispatcher's own IPv4 address, where it has one. */
function routerId({ addresses }: Dispatcher): string {
  return addresses.find(({ address }) => !isIpv6(address))?.address ?? "A.B.C.D";
}

/** With lines and their ends; `end` closes each. */
function lines(some: readonly string[], end: string): string {
  return some.map((line) => `${line}${end}\n`).join("");
}

/** As BIRD's grammar wants a name. */
function symbol(name: string): string {
  return /^\w+$/.test(name) ? name : `'${name}'`;
}
