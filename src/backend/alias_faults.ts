/** Where the cluster address is, and what its mask brings. */

import { isIpv6 } from "../wire/address.ts";
import { largerOfAll } from "./arp_faults.ts";
import { deleteCommand } from "./delete_route.ts";
import type { Expected } from "./expected.ts";
import type { Fault } from "./fault.ts";
import type { Command } from "./programs.ts";
import { extraRoutes } from "./routes.ts";
import type { Interface, InterfaceAddress, Snapshot } from "./snapshot.ts";

/** A cluster address on an interface. */
export interface Alias extends InterfaceAddress {
  readonly interface: Interface;
}

export function aliasesOf({ interfaces }: Snapshot, cluster: string): Alias[] {
  return interfaces.flatMap((at) =>
    at.addresses.filter(({ address }) => address === cluster).map((found) => ({ ...found, interface: at }))
  );
}

export function findAliasFaults(snapshot: Snapshot, { clusters }: Expected): Fault[] {
  return clusters.flatMap(({ address }) => {
    const aliases = aliasesOf(snapshot, address);
    const quiet = aliases.filter((alias) => alias.interface.isQuiet);
    const loud = aliases.filter((alias) => !alias.interface.isQuiet);
    return [
      ...(aliases.length === 0 ? [missing(address)] : []),
      ...loud.map((alias) => onInterface(alias, quiet.length > 0)),
      ...findMask(quiet, snapshot),
      ...findScope(quiet, snapshot),
      ...findExtraRoutes(address, quiet, snapshot),
    ];
  });
}

/** The command that makes the alias as it should be. */
export function addAlias(cluster: string): Command {
  return isIpv6(cluster)
    ? ["ip", "address", "add", `${cluster}/128`, "dev", "lo"]
    : ["ip", "address", "add", `${cluster}/32`, "dev", "lo", "scope", "host"];
}

export function deleteAlias(alias: Alias): Command {
  return ["ip", "address", "del", `${alias.address}/${alias.prefixLength}`, "dev", alias.interface.name];
}

export function hasHostMask({ address, prefixLength }: InterfaceAddress): boolean {
  return prefixLength === (isIpv6(address) ? 128 : 32);
}

function missing(cluster: string): Fault {
  return {
    id: "alias-missing",
    clusters: [cluster],
    found: `no interface has ${cluster}`,
    why: "it drops what the dispatcher sends to it, or sends it on",
    mend: [addAlias(cluster)],
    decide: undefined,
  };
}

function onInterface(alias: Alias, isAlsoQuiet: boolean): Fault {
  const { address, prefixLength, interface: { name }, isDuplicate } = alias;
  const asked = isIpv6(address) ? "neighbor solicitations" : "ARP requests";
  return {
    id: isDuplicate ? "dad-failed" : "alias-interface",
    clusters: [address],
    found: `${address}/${prefixLength} is on ${name}${isDuplicate ? ', marked "dadfailed"' : ""}`,
    why: isDuplicate
      ? "another machine has the address on that link too, and the kernel does not use it"
      : `it answers ${asked} for the cluster address on ${name}, and traffic comes to it past the dispatcher`,
    mend: [deleteAlias(alias), ...(isAlsoQuiet ? [] : [addAlias(address)])],
    decide:
      `${address} may be this machine's own address; with a primary address go the secondary ones of its network`,
  };
}

function findMask(quiet: readonly Alias[], snapshot: Snapshot): Fault[] {
  const isThere = quiet.some(hasHostMask);
  return quiet.filter((alias) => !hasHostMask(alias)).map((alias) => {
    const { address, prefixLength, interface: { name } } = alias;
    const routes = routesOf(alias, snapshot).map(({ route }) => `${route.type ?? ""} ${route.text}`.trim());
    const right = isThere ? [] : [addAlias(address)];
    return {
      id: "alias-mask",
      clusters: [address],
      found: `${address} has the mask /${prefixLength} on ${name}${
        routes.length === 0 ? "" : `, which brings the extra route "${routes.join('", "')}"`
      }`,
      why: isIpv6(address)
        ? "a route for its whole network leads to itself, beside the one to the link or before it"
        : "it takes its whole network for itself: it cannot reach its router, and may answer ARP for every address",
      // IPv4 can have both for a moment, so that no packet meets none; IPv6 has an address once on an interface.
      mend: isIpv6(address) ? [deleteAlias(alias), ...right] : [...right, deleteAlias(alias)],
      decide: undefined,
    };
  });
}

/** `arp_ignore` 3 is silent for addresses of scope host only. */
function findScope(quiet: readonly Alias[], snapshot: Snapshot): Fault[] {
  const links = snapshot.interfaces.filter((link) =>
    link.isLink && largerOfAll(snapshot, link, "arp_ignore") === 3
  );
  return quiet.filter((alias) =>
    links.length > 0 && hasHostMask(alias) && !isIpv6(alias.address) && alias.scope !== "host"
  ).map((alias) => ({
    id: "alias-scope",
    clusters: [alias.address],
    found: `${alias.address} has scope ${alias.scope}, and arp_ignore is 3 on ${
      links.map(({ name }) => name).join(", ")
    }`,
    why: "arp_ignore 3 is silent about addresses of scope host only: it answers for this one",
    mend: [deleteAlias(alias), addAlias(alias.address)],
    decide: undefined,
  }));
}

/** Those that no wrong mask explains: they stay behind, or somebody made them. */
function findExtraRoutes(cluster: string, quiet: readonly Alias[], snapshot: Snapshot): Fault[] {
  const explained = quiet.flatMap((alias) => routesOf(alias, snapshot).map(({ route }) => route));
  return extraRoutes(snapshot.routes, [cluster]).filter(({ route }) => !explained.includes(route)).map((
    { route },
  ) => ({
    id: "extra-route",
    clusters: [cluster],
    found: `a route for ${route.text} leads to ${route.interface}`,
    why: "it takes that network for itself, and cannot reach its other machines",
    mend: [deleteCommand("linux", route).command],
    decide: undefined,
  }));
}

function routesOf(alias: Alias, snapshot: Snapshot) {
  return extraRoutes(snapshot.routes, [alias.address]).filter(({ route }) =>
    !hasHostMask(alias) && route.interface === alias.interface.name &&
    route.network.prefixLength === alias.prefixLength
  );
}
