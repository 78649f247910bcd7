/** The way of a packet through the backend: in from the link, to a server, and back to the client. */

import { isIpv6 } from "../../wire/address.ts";
import { type Fault, ON_THIS_MACHINE } from "../../fault/fault.ts";
import { setSysctls } from "../../fault/remedies.ts";
import type { Route } from "../routes/routes.ts";
import { largerOfAll } from "./arp_faults.ts";
import { clustersOf, type Expected, servingLinks } from "./expected.ts";
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
      ...ON_THIS_MACHINE,
      id: "no-default-route",
      clusters,
      found: `there is no ${family === "ipv4" ? "IPv4" : "IPv6"} default route`,
      why: "this machine's answers to clients of other networks go nowhere",
      mend: [["ip", "route", "add", "default", "via", router ?? "ROUTER"]],
      decide: router === undefined
        ? "say which router leads to the clients: this is not known here"
        : "make sure that the clients are not reached by another router",
    }];
  });
}

/** Strict reverse path filtering, RFC 3704: a packet must come in by the interface by which its answer would leave. */
function findRpFilter(snapshot: Snapshot, expected: Expected): Fault[] {
  const clusters = clustersOf(expected, "ipv4");
  const ways = defaultRoutes(snapshot, "ipv4").map((route) => route.interface);
  // No default route at all is another fault; one of several hops names no interface.
  if (clusters.length === 0 || ways.length === 0 || ways.includes("")) return [];
  return servingLinks(snapshot, expected, "ipv4").filter((link) =>
    !ways.includes(link.name) && largerOfAll(snapshot, link, "rp_filter") === 1
  ).map(({ name }) => ({
    ...ON_THIS_MACHINE,
    id: "rp-filter",
    clusters,
    found: `rp_filter is strict (1) on ${name}, and the default route leaves by ${ways.join(", ")}`,
    why: `clients' packets that the dispatcher sends in by ${name} are dropped, and nothing is logged`,
    mend: [setSysctls([sysctlName("ipv4", name, "rp_filter")], 2)],
    decide:
      `rp_filter also keeps forged addresses out: loosen it, or let the default route leave by ${name} as well`,
  }));
}

/** In IPv4 "all" or the interface's own value counts, in IPv6 only the interface's own (ip_input.c, ip6_input.c). */
function findMulticastDrop(snapshot: Snapshot, expected: Expected): Fault[] {
  return (["ipv4", "ipv6"] as const).flatMap((family): Fault[] => {
    const clusters = expected.clusters.filter(({ mayBroadcast, address }) =>
      mayBroadcast && familyOf(address) === family
    ).map(({ address }) => address);
    if (clusters.length === 0) return [];
    const links = servingLinks(snapshot, expected, family).map(({ name }) => name);
    const names = [...(family === "ipv4" ? ["all"] : []), ...links].map((at) =>
      sysctlName(family, at, "drop_unicast_in_l2_multicast")
    ).filter((name) => (snapshot.sysctls.get(name) ?? 0) > 0);
    return names.length === 0 ? [] : [{
      ...ON_THIS_MACHINE,
      id: "multicast-drop",
      clusters,
      found: names.map((name) => `${name} is 1`).join(", "),
      why:
        "frames that go to all backends are broadcast or multicast, and this machine drops the packets in them",
      mend: [setSysctls(names, 0)],
      decide: null,
    }];
  });
}

function findMtu(snapshot: Snapshot, expected: Expected): Fault[] {
  const { least, most } = expected.mtu;
  const clusters = expected.clusters.map(({ address }) => address);
  const links = (["ipv4", "ipv6"] as const).filter((family) => clustersOf(expected, family).length > 0)
    .flatMap((family) => servingLinks(snapshot, expected, family));
  return [...new Set(links)].filter(({ mtu }) => mtu < least || mtu > most).map(({ name, mtu }) => ({
    ...ON_THIS_MACHINE,
    id: "mtu",
    clusters,
    found: `${name} has MTU ${mtu}, the dispatcher's link ${mtu < least ? least : most}`,
    why: mtu < least
      ? "this machine drops larger frames unseen, and no router is there to say so"
      : "larger frames of this machine are lost on the link, and no router is there to say so",
    mend: [["ip", "link", "set", "dev", name, "mtu", String(mtu < least ? least : most)]],
    decide:
      "decide which is right, this MTU or dispatcher.mtu: all machines of a link must have the same MTU",
  }));
}

function findService(snapshot: Snapshot, { clusters }: Expected): Fault[] {
  return clusters.flatMap(({ address, ports }) => {
    const accepted = [address, "*", isIpv6(address) ? "::" : "0.0.0.0"];
    return ports.flatMap(({ port, protocol }): Fault[] => {
      const listeners = snapshot.listeners.filter((one) => one.port === port && one.protocol === protocol);
      if (listeners.some((listener) => accepted.includes(listener.address))) return [];
      const others = [...new Set(listeners.map((listener) => listener.address))];
      return [{
        ...ON_THIS_MACHINE,
        id: "no-service",
        clusters: [address],
        found: others.length === 0
          ? `nothing listens on port ${port}/${protocol}`
          : `port ${port}/${protocol} is served on ${others.join(", ")} only`,
        why: "clients are refused, although the dispatcher finds this machine alive",
        mend: [],
        decide: `start the server, or let it listen on ${address} or on all addresses`,
      }];
    });
  });
}
