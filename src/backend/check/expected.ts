/** What a backend should be like, by the command line or a configuration. */

import { type Cidr, contains, isIpv6 } from "../../wire/address.ts";
import type { HostInterface, Snapshot } from "./snapshot.ts";

export interface Expected {
  readonly clusters: readonly ExpectedCluster[];
  /** Octets. This machine must take `least`, and may send no more than `most`. */
  readonly mtu: { readonly least: number; readonly most: number };
  /** The dispatcher's addresses, which show on which link its frames come. Empty when not known. */
  readonly dispatcher: readonly Cidr[];
  /** Routers towards the clients. Empty when not known. */
  readonly gateways: readonly string[];
}

export interface ExpectedCluster {
  /** Canonical text. */
  readonly address: string;
  /** Frames may come to all backends: the technique or the fallback is broadcast. */
  readonly mayBroadcast: boolean;
  readonly ports: readonly { readonly port: number; readonly protocol: "tcp" | "udp" }[];
}

/** What is true of any Ethernet. */
export const ANY_LINK = { mtu: { least: 1500, most: Infinity }, dispatcher: [], gateways: [] };

/** The expected addresses of one family. */
export function clustersOf({ clusters }: Expected, family: "ipv4" | "ipv6"): string[] {
  return clusters.map(({ address }) => address).filter((address) => isIpv6(address) === (family === "ipv6"));
}

/**
 * The links on which the dispatcher's frames may come: those where the machine has an address of its own; if the dispatcher's
 * addresses are known and lie on some of these links, only those.
 */
export function servingLinks(
  { interfaces }: Snapshot,
  expected: Expected,
  family: "ipv4" | "ipv6",
): HostInterface[] {
  const addresses = clustersOf(expected, family);
  const own = (link: HostInterface) =>
    link.addresses.filter(({ address, scope }) =>
      isIpv6(address) === (family === "ipv6") && scope === "global" && !addresses.includes(address)
    );
  const links = interfaces.filter((link) => link.isLink && own(link).length > 0);
  const near = links.filter((link) =>
    own(link).some((network) => expected.dispatcher.some(({ address }) => contains(network, address)))
  );
  return near.length > 0 ? near : links;
}
