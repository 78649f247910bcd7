/** A configuration as a person, or a program, would like to see it. */

import { formatIpv4, formatMac } from "../wire/address.ts";
import { ClusterMap } from "../control/cluster_map.ts";
import type { Config } from "../control/config.ts";
import { formatTable } from "./table.ts";

export function describeConfig({ dispatcher, clusters }: Config): { text: string; data: object } {
  const data = {
    dispatcher: {
      interface: dispatcher.interface,
      bridge: dispatcher.bridge ?? null,
      mac: formatMac(dispatcher.mac.high, dispatcher.mac.low),
      mtu: dispatcher.mtu,
      addresses: dispatcher.addresses.map(({ address, prefixLength }) =>
        `${formatIpv4(address)}/${prefixLength}`
      ),
      gateway: dispatcher.gateway === undefined ? null : formatIpv4(dispatcher.gateway),
    },
    clusters: clusters.map((cluster) => {
      const shares = new ClusterMap(cluster).shares();
      return {
        name: cluster.name,
        addresses: cluster.addresses.map(formatIpv4),
        technique: "route",
        buckets: cluster.buckets,
        seed: cluster.seed >>> 0,
        algorithm: cluster.algorithm,
        noBackend: cluster.noBackend,
        backends: cluster.backends.map(({ name, address, weight }, index) => (
          { name, address: formatIpv4(address), weight, buckets: shares[index]! }
        )),
      };
    }),
  };
  const { interface: name, bridge, mac, mtu, addresses, gateway } = data.dispatcher;
  const lines = [
    `dispatcher ${name}${bridge === null ? "" : ` in bridge ${bridge}`}, MAC ${mac}, MTU ${mtu}`,
    `  addresses ${addresses.join(", ")}${gateway === null ? "" : `, gateway ${gateway}`}`,
  ];
  for (const cluster of data.clusters) {
    lines.push(
      `cluster ${cluster.name}: ${cluster.addresses.join(", ")}`,
      `  technique ${cluster.technique}, algorithm ${cluster.algorithm}, ${cluster.buckets} buckets, seed ${cluster.seed}`,
      formatTable(
        ["backend", "address", "weight", "buckets"],
        cluster.backends.map(({ name, address, weight, buckets }) => [name, address, weight, buckets]),
      ).replaceAll(/^/gm, "  "),
    );
  }
  return { text: lines.join("\n"), data };
}
