/** What a backend should be like, as the command line or a configuration says. */

import { type Cidr, contains, isIpv6 } from "../wire/address.ts";
import type { Interface, Snapshot } from "./snapshot.ts";

export interface Expected {
  readonly clusters: readonly ExpectedCluster[];
  /** Octets that the link's frames may carry: what comes must be taken, and what goes must pass. */
  readonly mtu: { readonly least: number; readonly most: number };
  /** The dispatcher's addresses: they tell on which link the frames come. Empty where nobody said. */
  readonly dispatcher: readonly Cidr[];
  /** Routers towards the clients; empty where nobody said. */
  readonly gateways: readonly string[];
}

export interface ExpectedCluster {
  /** Canonical text. */
  readonly address: string;
  readonly technique: "route" | "broadcast";
  readonly ports: readonly { readonly port: number; readonly protocol: "tcp" | "udp" }[];
}

/** What holds of any Ethernet. */
export const ANY_LINK = { mtu: { least: 1500, most: Infinity }, dispatcher: [], gateways: [] };

/** The expected addresses of one family. */
export function clustersOf({ clusters }: Expected, family: "ipv4" | "ipv6"): string[] {
  return clusters.map(({ address }) => address).filter((address) => isIpv6(address) === (family === "ipv6"));
}

/** The links on which a dispatcher's frames may come: those with an address of the machine's own, or the dispatcher's if known. */
export function servingLinks(
  { interfaces }: Snapshot,
  expected: Expected,
  family: "ipv4" | "ipv6",
): Interface[] {
  const addresses = clustersOf(expected, family);
  const own = (link: Interface) =>
    link.addresses.filter(({ address, scope }) =>
      isIpv6(address) === (family === "ipv6") && scope === "global" && !addresses.includes(address)
    );
  const links = interfaces.filter((link) => link.isLink && own(link).length > 0);
  const near = links.filter((link) =>
    own(link).some((network) => expected.dispatcher.some(({ address }) => contains(network, address)))
  );
  return near.length > 0 ? near : links;
}
