/** The files that the subjects are set up with. */

import { CLUSTER } from "./testbed.ts";

/** iperf3 serves one test at a time, so each flow has a port of its own. */
export const BULK_PORTS = { first: 5201, last: 5208 } as const;

const SERVERS = [["web1", "10.0.0.11"], ["web2", "10.0.0.12"]] as const;

/** A dispatcher of the two backends. Several of them have the cluster address here, so none may announce it. */
export function oneipConfig(
  { address, mac, ...options }: { address: string; mac: string; offloads?: boolean; queues?: number },
): string {
  return JSON.stringify({
    dispatcher: {
      interface: "tap0",
      bridge: "br0",
      mac,
      addresses: [`${address}/24`],
      announce: { count: 0, refresh: "0s" },
      verify: "off",
      ...options,
    },
    clusters: [{
      name: "bench",
      addresses: Object.values(CLUSTER),
      backends: SERVERS.map(([name, address]) => ({ name, address })),
    }],
  });
}

/**
 * The same dispatch in the kernel: the frame goes back out of the interface by which it came, with new MACs. The TTL stays as
 * it is, since nftables cannot take one off it.
 */
export function nftablesRules(ownMac: string, backendMacs: readonly string[]): string {
  const map = `mod ${backendMacs.length} seed 0x0 map { ${
    backendMacs.map((mac, index) => `${index} : ${mac}`).join(", ")
  } }`;
  const rest = `ether saddr set ${ownMac} fwd to "eth1"`;
  return `table netdev dispatch { chain in {
  type filter hook ingress device eth1 priority 0;
  ether daddr ${ownMac} ip daddr ${CLUSTER.ipv4} ether daddr set jhash ip saddr ${map} ${rest}
  ether daddr ${ownMac} ip6 daddr ${CLUSTER.ipv6} ether daddr set jhash ip6 saddr ${map} ${rest}
}; }
`;
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
