/** Does the machine tell others that the cluster address is its own? Nobody but the dispatcher may. */

import { contains, isIpv6 } from "../../wire/address.ts";
import { type Fault, ON_THIS_MACHINE } from "../../fault/fault.ts";
import { setSysctls } from "../../fault/remedies.ts";
import { clustersOf, type Expected, servingLinks } from "./expected.ts";
import { type HostInterface, type Snapshot, sysctlName } from "./snapshot.ts";

export function findArpFaults(snapshot: Snapshot, expected: Expected): Fault[] {
  const clusters = clustersOf(expected, "ipv4");
  const published = findPublished(snapshot, expected);
  if (clusters.length === 0) return published;
  return [
    ...findIgnore(snapshot, clusters),
    ...findAnnounce(snapshot, clusters),
    ...findProxyArp(snapshot, expected, clusters),
    ...published,
  ];
}

/**
 * The value of an IPv4 sysctl that counts for an interface, where the kernel takes the larger one of "all" and of the interface
 * itself (IN_DEV_MAXCONF): `arp_ignore`, `arp_announce`, `rp_filter`.
 */
export function largerOfAll({ sysctls }: Snapshot, { name }: HostInterface, key: string): number {
  return Math.max(...["all", name].map((at) => sysctls.get(sysctlName("ipv4", at, key)) ?? 0));
}

/** Is ARP silent about an address of another interface? With 3 only if the address has scope host. */
function isSilent(arpIgnore: number): boolean {
  return arpIgnore >= 1 && arpIgnore <= 3;
}

function findIgnore(snapshot: Snapshot, clusters: readonly string[]): Fault[] {
  const loud = snapshot.interfaces.filter((link) => link.isLink).flatMap((link) => {
    const value = largerOfAll(snapshot, link, "arp_ignore");
    return isSilent(value) ? [] : [{ link, value }];
  });
  if (loud.length === 0) return [];
  // 4 to 7 and above 8 are reserved, and answer. 8 never answers, not even for the machine's own address.
  const tooLarge = ["all", ...loud.map(({ link }) => link.name)].map((at) =>
    sysctlName("ipv4", at, "arp_ignore")
  ).filter((name) => (snapshot.sysctls.get(name) ?? 0) > 3);
  const toSet = tooLarge.length > 0 ? tooLarge : [sysctlName("ipv4", "all", "arp_ignore")];
  const answersNothing = loud.every(({ value }) => value === 8);
  return [{
    ...ON_THIS_MACHINE,
    id: "arp-ignore",
    clusters,
    found: loud.map(({ link, value }) => `arp_ignore is ${value} on ${link.name}`).join(", "),
    why: answersNothing
      ? "with arp_ignore 8 this machine answers no ARP request at all, so the dispatcher cannot find it either"
      : "this machine answers ARP requests for the cluster address, so traffic comes to it past the dispatcher",
    mend: [setSysctls(toSet, 1)],
    decide: null,
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
    ...ON_THIS_MACHINE,
    id: "arp-announce",
    clusters: clusters.filter((cluster) => leaks.some(({ leaked }) => leaked.includes(cluster))),
    found: leaks.map(({ link, value }) => `arp_announce is ${value} on ${link.name}`).join(", "),
    why: "ARP requests of this machine say that the cluster address is here, and routers believe them",
    mend: [setSysctls([sysctlName("ipv4", "all", "arp_announce")], 2)],
    decide: null,
  }];
}

/** An IPv4 entry works only while the address is not local (arp_process, net/ipv4/arp.c), an IPv6 one also beside the alias. */
function findPublished({ published }: Snapshot, { clusters }: Expected): Fault[] {
  return published.filter((entry) => clusters.some(({ address }) => address === entry.address)).map((
    { address, interface: name },
  ) => ({
    ...ON_THIS_MACHINE,
    id: "arp-published",
    clusters: [address],
    found: `there is a published neighbor entry for ${address} on ${name}`,
    why: isIpv6(address)
      ? "with forwarding and proxy_ndp this machine answers neighbor solicitations for the cluster address"
      : "with forwarding this machine answers ARP requests for the cluster address as soon as the alias is gone",
    mend: [["ip", "neigh", "del", "proxy", address, "dev", name]],
    decide: null,
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
    ...ON_THIS_MACHINE,
    id: "proxy-arp",
    clusters,
    found: `proxy_arp and forwarding are on for ${proxies.map(({ name }) => name).join(", ")}`,
    why:
      "this machine answers ARP requests for whatever it can reach, and once the alias is gone for the cluster address",
    mend: [setSysctls(names.map((at) => sysctlName("ipv4", at, "proxy_arp")), 0)],
    decide: "make sure that machines on other links do not need the proxy",
  }];
}
