/** A sound backend as a snapshot, to be spoilt by a test. */

import type { Expected } from "../../../src/backend/check/expected.ts";
import { parseIpRoutes } from "../../../src/backend/routes/ip_routes.ts";
import type { HostAddress, HostInterface, Snapshot } from "../../../src/backend/check/snapshot.ts";

export const CLUSTER = "10.0.0.100";
export const CLUSTER6 = "2001:db8::100";

export const EXPECTED: Expected = {
  clusters: [
    { address: CLUSTER, mayBroadcast: false, ports: [{ port: 80, protocol: "tcp" }] },
    { address: CLUSTER6, mayBroadcast: false, ports: [{ port: 80, protocol: "tcp" }] },
  ],
  mtu: { least: 1500, most: 1500 },
  dispatcher: [],
  gateways: [],
};

export function address(text: string, scope = "global", isDuplicate = false): HostAddress {
  const [address = "", length] = text.split("/");
  return { address, prefixLength: Number(length), scope, isDuplicate };
}

export function loopback(...aliases: HostAddress[]): HostInterface {
  const own = [address("127.0.0.1/8", "host"), address("::1/128", "host")];
  return { name: "lo", isQuiet: true, isLink: false, mtu: 65_536, addresses: [...own, ...aliases] };
}

export function link(name: string, ...addresses: HostAddress[]): HostInterface {
  return { name, isQuiet: false, isLink: true, mtu: 1500, addresses };
}

export const ALIAS = address(`${CLUSTER}/32`, "host");
export const ALIAS6 = address(`${CLUSTER6}/128`);
export const ETH1 = link("eth1", address("10.0.0.11/24"), address("2001:db8::11/64"));

const ROUTES = `default via 10.0.0.1 dev eth1
10.0.0.0/24 dev eth1 proto kernel scope link src 10.0.0.11
local 10.0.0.11 dev eth1 table local proto kernel scope host src 10.0.0.11
local 10.0.0.100 dev lo table local proto kernel scope host src 10.0.0.100
broadcast 10.0.0.255 dev eth1 table local proto kernel scope link src 10.0.0.11
local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1
2001:db8::100 dev lo proto kernel metric 256 pref medium
2001:db8::/64 dev eth1 proto kernel metric 256 pref medium
default via 2001:db8::1 dev eth1 metric 1024 pref medium
local 2001:db8::100 dev lo table local proto kernel metric 0 pref medium
multicast ff00::/8 dev eth1 table local proto kernel metric 256 pref medium`;

/** `spoilt` replaces parts of it; `routes` and `sysctls` are added. */
export function machine(
  spoilt: Partial<Omit<Snapshot, "routes" | "sysctls">> & {
    routes?: (rows: string) => string;
    sysctls?: Record<string, number>;
  } = {},
): Snapshot {
  const { routes = (rows: string) => rows, sysctls = {}, ...rest } = spoilt;
  return {
    interfaces: [loopback(ALIAS, ALIAS6), ETH1],
    published: [],
    firewall: { chains: [], unseen: [] },
    listeners: [{ protocol: "tcp", address: "*", port: 80 }],
    ...rest,
    routes: parseIpRoutes(routes(ROUTES)),
    sysctls: new Map(Object.entries({
      "net.ipv4.conf.all.arp_ignore": 1,
      "net.ipv4.conf.all.arp_announce": 2,
      "net.ipv4.conf.eth1.arp_ignore": 0,
      "net.ipv4.conf.eth1.arp_announce": 0,
      ...sysctls,
    })),
  };
}
