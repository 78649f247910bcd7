/** A configuration as a person, or a program, would like to see it. */

import { formatMac } from "../wire/address.ts";
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
      addresses: dispatcher.addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`),
      vlan: dispatcher.vlan ?? null,
      queues: dispatcher.queues,
      offloads: dispatcher.offloads,
      verify: dispatcher.verify,
      gateways: dispatcher.gateways,
      routes: dispatcher.routes.map(({ prefix, via }) => ({
        prefix: `${prefix.address}/${prefix.prefixLength}`,
        via,
      })),
    },
    clusters: clusters.map((cluster) => {
      const shares = new ClusterMap(cluster).shares();
      return {
        name: cluster.name,
        addresses: cluster.addresses,
        technique: cluster.technique,
        group: formatMac(cluster.group.high, cluster.group.low),
        buckets: cluster.buckets,
        seed: cluster.seed >>> 0,
        algorithm: cluster.algorithm,
        mask: cluster.mask,
        ports: cluster.ports?.map(({ port, protocol }) => `${port}/${protocol}`) ?? null,
        closed: cluster.closed,
        noBackend: cluster.noBackend,
        backends: cluster.backends.map(({ name, address, weight }, index) => (
          { name, address, weight, buckets: shares[index]! }
        )),
      };
    }),
  };
  const { interface: name, bridge, mac, mtu, vlan, addresses, gateways, routes } = data.dispatcher;
  const lines = [
    `dispatcher ${name}${bridge === null ? "" : ` in bridge ${bridge}`}, MAC ${mac}, MTU ${mtu}${
      vlan === null ? "" : `, VLAN ${vlan}`
    }`,
    `  addresses ${addresses.join(", ")}${gateways.length === 0 ? "" : `, gateway ${gateways.join(", ")}`}`,
    ...routes.map(({ prefix, via }) => `  route ${prefix} via ${via}`),
  ];
  for (const cluster of data.clusters) {
    lines.push(
      `cluster ${cluster.name}: ${cluster.addresses.join(", ")}`,
      ...(cluster.ports === null ? [] : [`  ports ${cluster.ports.join(", ")}, others ${cluster.closed}`]),
      `  technique ${cluster.technique}, algorithm ${cluster.algorithm}, ${cluster.buckets} buckets, seed ${cluster.seed}`,
      formatTable(
        ["backend", "address", "weight", "buckets"],
        cluster.backends.map(({ name, address, weight, buckets }) => [name, address, weight, buckets]),
      ).replaceAll(/^/gm, "  "),
    );
  }
  return { text: lines.join("\n"), data };
}
