/** The files that the subjects are set up with. */

import { CLUSTER } from "./testbed.ts";

/** iperf3 serves one test at a time, so each flow has a port of its own. */
export const BULK_PORTS = { first: 5201, last: 5208 } as const;

const SERVERS = [["web1", "10.0.0.11"], ["web2", "10.0.0.12"]] as const;

/** How much a dispatcher has to look after. */
export interface Size {
  readonly clusters: number;
  /** Of all clusters together. */
  readonly backends: number;
}

interface Machine {
  readonly address: string;
  readonly mac: string;
  readonly size?: Size;
  /** Where there is no size. */
  readonly buckets?: number;
}

export interface OneipOptions {
  readonly offloads?: boolean;
  readonly queues?: number;
  readonly fastPath?: "on" | "off" | { readonly attach: "uplink"; readonly interface: string };
}

/** A dispatcher of the two backends, or of `size`. Several of them have the cluster address here, so none may announce it. */
export function oneipConfig(
  { address, mac, size, buckets = 4096, ...options }: Machine & OneipOptions,
): string {
  return JSON.stringify({
    dispatcher: {
      interface: "tap0",
      bridge: "br0",
      mac,
      addresses: [`${address}/15`],
      announce: { count: 0, refresh: "0s" },
      verify: "off",
      ...options,
    },
    clusters: size === undefined
      ? [{
        name: "bench",
        addresses: Object.values(CLUSTER),
        buckets,
        backends: SERVERS.map(([name, address]) => ({ name, address })),
      }]
      : clustersOf(size),
  });
}

/** The one that is measured is the last. */
function clustersOf({ clusters, backends }: Size): object[] {
  const each = backends / clusters;
  return Array.from({ length: clusters }, (_, cluster) => ({
    name: `bench${cluster}`,
    addresses: cluster === clusters - 1 ? Object.values(CLUSTER) : [`10.0.1.${cluster + 1}`],
    ...(each > BUCKETS_ARE_ENOUGH ? { buckets: 65_536 } : {}),
    backends: Array.from({ length: each }, (_, backend) => {
      const address = manyAddress(cluster * each + backend);
      return { name: `web-${address.replaceAll(".", "-")}`, address };
    }),
  }));
}

/** With the 4,096 that a cluster has by itself. */
const BUCKETS_ARE_ENOUGH = 40;

/** Of many backends: in turn one of web1 and one of web2. */
export const MANY = 1000;
export function manyAddress(backend: number): string {
  return `10.1.${1 + (backend >> 8)}.${backend & 255}`;
}

/** The last number of a machine's address is the last octet of its MAC; the many are on web1 and web2. */
export function serverMac(address: string): string {
  const [, second = "", , last = ""] = address.split(".");
  return `02:00:00:00:00:${second === "0" ? last : Number(last) % 2 === 0 ? "11" : "12"}`;
}

/**
 * The same dispatch in the kernel: the frame goes back out of the interface by which it came, with new MACs. The TTL stays as
 * it is, since nftables cannot take one off it.
 */
export function nftablesRules(ownMac: string, backendMacs: readonly string[]): string {
  const map = mapOf(backendMacs);
  const rest = `ether saddr set ${ownMac} fwd to "eth1"`;
  return `table netdev dispatch { chain in {
  type filter hook ingress device eth1 priority 0;
  ether daddr ${ownMac} ip daddr ${CLUSTER.ipv4} ether daddr set jhash ip saddr ${map} ${rest}
  ether daddr ${ownMac} ip6 daddr ${CLUSTER.ipv6} ether daddr set jhash ip6 saddr ${map} ${rest}
}; }
`;
}

/** The same of many clusters, in IPv4: a chain for each, found by the address. */
export function manyNftablesRules(ownMac: string, config: string): string {
  const { clusters } = JSON.parse(config) as {
    clusters: { addresses: string[]; backends: { address: string }[] }[];
  };
  const chains = clusters.map(({ backends }, index) =>
    `chain c${index} { ether daddr set jhash ip saddr ${
      mapOf(backends.map(({ address }) => serverMac(address)))
    } ether saddr set ${ownMac} fwd to "eth1"; }`
  );
  const chosen = clusters.map(({ addresses }, index) => `${addresses[0]} : jump c${index}`);
  return `table netdev dispatch {
${chains.join("\n")}
chain in {
  type filter hook ingress device eth1 priority 0;
  ether daddr ${ownMac} ip daddr vmap { ${chosen.join(", ")} }
}; }
`;
}

function mapOf(macs: readonly string[]): string {
  return `mod ${macs.length} seed 0x0 map { ${macs.map((mac, index) => `${index} : ${mac}`).join(", ")} }`;
}

/** A proxy of TCP: a connection of its own to the backend for each of a client's. Servers without a port: the client's. */
export function haproxyConfig(): string {
  return `global
  nbthread 2
  maxconn 1000
defaults
  mode tcp
  balance source
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen all
  bind ${CLUSTER.ipv4}:80
  bind ${CLUSTER.ipv4}:${BULK_PORTS.first}-${BULK_PORTS.last}
${SERVERS.map(([name, address]) => `  server ${name} ${address}`).join("\n")}
`;
}
