/** The way of a packet through the backend: in by the link, to a server, and back to the client. */

import { isIpv6 } from "../wire/address.ts";
import { largerOfAll, setSysctls } from "./arp_faults.ts";
import { clustersOf, type Expected, servingLinks } from "./expected.ts";
import type { Fault } from "./fault.ts";
import type { Route } from "./routes.ts";
import { familyOf, type Snapshot, sysctlName } from "./snapshot.ts";

export function findPathFaults(snapshot: Snapshot, expected: Expected): Fault[] {
  return [
    ...findDefaultRoute(snapshot, expected),
    ...findRpFilter(snapshot, expected),
    ...findMulticastDrop(snapshot, expected),
    ...findMtu(snapshot, expected),
    ...findService(snapshot, expected),
  ];
}

function defaultRoutes({ routes }: Snapshot, family: "ipv4" | "ipv6"): Route[] {
  return routes.filter(({ network, type }) =>
    network.prefixLength === 0 && familyOf(network.address) === family && type === undefined
  );
}

function findDefaultRoute(snapshot: Snapshot, expected: Expected): Fault[] {
  return (["ipv4", "ipv6"] as const).flatMap((family) => {
    const clusters = clustersOf(expected, family);
    if (clusters.length === 0 || defaultRoutes(snapshot, family).length > 0) return [];
    const router = expected.gateways.find((address) => familyOf(address) === family);
    return [{
      id: "no-default-route",
      clusters,
      found: `there is no ${family === "ipv4" ? "IPv4" : "IPv6"} default route`,
      why: "its answers to clients of other networks go nowhere",
      mend: [["ip", "route", "add", "default", "via", router ?? "ROUTER"]],
      decide: router === undefined
        ? "which router leads to the clients is not known here"
        : "another way to the clients may be meant",
    }];
  });
}

/** Strict reverse path filtering, RFC 3704: a packet must come by the interface by which the answer would leave. */
function findRpFilter(snapshot: Snapshot, expected: Expected): Fault[] {
  const clusters = clustersOf(expected, "ipv4");
  const ways = defaultRoutes(snapshot, "ipv4").map((route) => route.interface);
  // No way at all is another fault; a default route of several hops names no interface.
  if (clusters.length === 0 || ways.length === 0 || ways.includes("")) return [];
  return servingLinks(snapshot, expected, "ipv4").filter((link) =>
    !ways.includes(link.name) && largerOfAll(snapshot, link, "rp_filter") === 1
  ).map(({ name }) => ({
    id: "rp-filter",
    clusters,
    found: `rp_filter is strict (1) on ${name}, and the default route leaves by ${ways.join(", ")}`,
    why: `clients' packets that the dispatcher sends in by ${name} are dropped, and nothing is logged`,
    mend: [setSysctls([sysctlName("ipv4", name, "rp_filter")], 2)],
    decide: "it also keeps forged addresses out; a default route by the same link would do as well",
  }));
}

/** IPv4 goes by "all" or the interface's own value, IPv6 by the interface's own only (ip_input.c, ip6_input.c). */
function findMulticastDrop(snapshot: Snapshot, expected: Expected): Fault[] {
  return (["ipv4", "ipv6"] as const).flatMap((family) => {
    const clusters = expected.clusters.filter(({ technique, address }) =>
      technique === "broadcast" && familyOf(address) === family
    ).map(({ address }) => address);
    if (clusters.length === 0) return [];
    const links = servingLinks(snapshot, expected, family).map(({ name }) => name);
    const names = [...(family === "ipv4" ? ["all"] : []), ...links].map((at) =>
      sysctlName(family, at, "drop_unicast_in_l2_multicast")
    ).filter((name) => (snapshot.sysctls.get(name) ?? 0) > 0);
    return names.length === 0 ? [] : [
      {
        id: "multicast-drop",
        clusters,
        found: names.map((name) => `${name} is 1`).join(", "),
        why: "with technique broadcast every packet comes in such a frame, and it drops them all",
        mend: [setSysctls(names, 0)],
        decide: undefined,
      } satisfies Fault,
    ];
  });
}

function findMtu(snapshot: Snapshot, expected: Expected): Fault[] {
  const { least, most } = expected.mtu;
  const clusters = expected.clusters.map(({ address }) => address);
  const links = (["ipv4", "ipv6"] as const).filter((family) => clustersOf(expected, family).length > 0)
    .flatMap((family) => servingLinks(snapshot, expected, family));
  return [...new Set(links)].filter(({ mtu }) => mtu < least || mtu > most).map(({ name, mtu }) => ({
    id: "mtu",
    clusters,
    found: `${name} has MTU ${mtu}, the dispatcher's link ${mtu < least ? least : most}`,
    why: mtu < least
      ? "it drops larger frames unseen, and no router is there to say so"
      : "its own larger frames are lost on the link, and no router is there to say so",
    mend: [["ip", "link", "set", "dev", name, "mtu", String(mtu < least ? least : most)]],
    decide: "all machines of a link need the same MTU, and this one's may be the right one (dispatcher.mtu)",
  }));
}

function findService(snapshot: Snapshot, { clusters }: Expected): Fault[] {
  return clusters.flatMap(({ address, ports }) => {
    const accepted = [address, "*", isIpv6(address) ? "::" : "0.0.0.0"];
    return ports.flatMap(({ port, protocol }) => {
      const listeners = snapshot.listeners.filter((one) => one.port === port && one.protocol === protocol);
      if (listeners.some((listener) => accepted.includes(listener.address))) return [];
      const others = [...new Set(listeners.map((listener) => listener.address))];
      return [
        {
          id: "no-service",
          clusters: [address],
          found: others.length === 0
            ? `nothing listens on port ${port}/${protocol}`
            : `on port ${port}/${protocol} only ${others.join(", ")} listens`,
          why: "clients are refused, although the dispatcher finds the backend alive",
          mend: [],
          decide: `start the server, or let it listen on ${address} or on all addresses`,
        } satisfies Fault,
      ];
    });
  });
}
