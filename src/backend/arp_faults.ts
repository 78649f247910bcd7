/** Whom the backend tells that the cluster address is its own: nobody may hear it but through the dispatcher. */

import { contains, isIpv6 } from "../wire/address.ts";
import { clustersOf, type Expected, servingLinks } from "./expected.ts";
import type { Fault } from "./fault.ts";
import type { Command } from "./programs.ts";
import { type Interface, type Snapshot, sysctlName } from "./snapshot.ts";

export function findArpFaults(snapshot: Snapshot, expected: Expected): Fault[] {
  const clusters = clustersOf(expected, "ipv4");
  const others = findPublished(snapshot, expected);
  if (clusters.length === 0) return others;
  return [
    ...findIgnore(snapshot, clusters),
    ...findAnnounce(snapshot, clusters),
    ...findProxyArp(snapshot, expected, clusters),
    ...others,
  ];
}

/** For `arp_ignore` and `arp_announce` the larger of the interface's own value and that of "all" counts (IN_DEV_MAXCONF). */
export function largerOfAll({ sysctls }: Snapshot, { name }: Interface, key: string): number {
  return Math.max(...["all", name].map((at) => sysctls.get(sysctlName("ipv4", at, key)) ?? 0));
}

/** The values that are silent about an address of another interface; 3 only where its scope is host. */
export function isSilent(arpIgnore: number): boolean {
  return arpIgnore >= 1 && arpIgnore <= 3;
}

function findIgnore(snapshot: Snapshot, clusters: readonly string[]): Fault[] {
  const loud = snapshot.interfaces.filter((link) => link.isLink).flatMap((link) => {
    const value = largerOfAll(snapshot, link, "arp_ignore");
    return isSilent(value) ? [] : [{ link, value }];
  });
  if (loud.length === 0) return [];
  // 4 to 7 and above 8 are reserved, and answer; 8 never answers, also not for the machine's own address.
  const reserved = ["all", ...loud.map(({ link }) => link.name)].map((at) =>
    sysctlName("ipv4", at, "arp_ignore")
  ).filter((name) => (snapshot.sysctls.get(name) ?? 0) > 3);
  const toSet = reserved.length > 0 ? reserved : [sysctlName("ipv4", "all", "arp_ignore")];
  const dead = loud.every(({ value }) => value === 8);
  return [{
    id: "arp-ignore",
    clusters,
    found: loud.map(({ link, value }) => `arp_ignore is ${value} on ${link.name}`).join(", "),
    why: dead
      ? "with 8 it answers no ARP request at all, so that the dispatcher cannot find it either"
      : "it answers ARP requests for the cluster address, and traffic comes to it past the dispatcher",
    mend: [setSysctls(toSet, 1)],
    decide: undefined,
  }];
}

function findAnnounce(snapshot: Snapshot, clusters: readonly string[]): Fault[] {
  const leaks = snapshot.interfaces.filter((link) => link.isLink).flatMap((link) => {
    const value = largerOfAll(snapshot, link, "arp_announce");
    // With 1 the kernel still names an address of the link's own network, which a cluster address often is.
    const leaked = clusters.filter((cluster) =>
      value === 0 || value === 1 && link.addresses.some((network) => contains(network, cluster))
    );
    return leaked.length === 0 ? [] : [{ link, value, leaked }];
  });
  if (leaks.length === 0) return [];
  return [{
    id: "arp-announce",
    clusters: clusters.filter((cluster) => leaks.some(({ leaked }) => leaked.includes(cluster))),
    found: leaks.map(({ link, value }) => `arp_announce is ${value} on ${link.name}`).join(", "),
    why: "its own ARP requests say that the cluster address is here, and routers believe it",
    mend: [setSysctls([sysctlName("ipv4", "all", "arp_announce")], 2)],
    decide: undefined,
  }];
}

/** An entry works only while the address is not local (arp_process, net/ipv4/arp.c); in IPv6 also beside an alias on `lo`. */
function findPublished({ published }: Snapshot, { clusters }: Expected): Fault[] {
  return published.filter((entry) => clusters.some(({ address }) => address === entry.address)).map((
    { address, interface: name },
  ) => ({
    id: "arp-published",
    clusters: [address],
    found: `a published entry for ${address} on ${name}`,
    why: isIpv6(address)
      ? "with forwarding and proxy_ndp it answers neighbor solicitations for the cluster address"
      : "with forwarding it answers ARP requests for the cluster address as soon as the alias is gone",
    mend: [["ip", "neigh", "del", "proxy", address, "dev", name]],
    decide: undefined,
  }));
}

function findProxyArp(snapshot: Snapshot, expected: Expected, clusters: readonly string[]): Fault[] {
  const isSet = (at: string, key: string) => (snapshot.sysctls.get(sysctlName("ipv4", at, key)) ?? 0) > 0;
  const proxies = servingLinks(snapshot, expected, "ipv4").filter(({ name }) =>
    isSet(name, "forwarding") && (isSet("all", "proxy_arp") || isSet(name, "proxy_arp"))
  );
  if (proxies.length === 0) return [];
  const names = ["all", ...proxies.map(({ name }) => name)].filter((at) => isSet(at, "proxy_arp"));
  return [{
    id: "proxy-arp",
    clusters,
    found: `proxy_arp is on for ${proxies.map(({ name }) => name).join(", ")}, and forwarding too`,
    why:
      "it answers ARP requests for addresses that it can reach, the cluster address too once the alias is gone",
    mend: [setSysctls(names.map((at) => sysctlName("ipv4", at, "proxy_arp")), 0)],
    decide: "machines on other links may need the proxy",
  }];
}

export function setSysctls(names: readonly string[], value: number): Command {
  return ["sysctl", "-w", ...names.map((name) => `${name}=${value}`)];
}
