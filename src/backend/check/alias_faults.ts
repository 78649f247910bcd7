/** Where the machine has the cluster address, and which routes its mask brings. */

import { hostLength, isIpv6 } from "../../wire/address.ts";
import { type Fault, ON_THIS_MACHINE } from "../../fault/fault.ts";
import { addAlias, deleteAddress } from "../../fault/remedies.ts";
import type { Command } from "../../system/programs.ts";
import { deleteRoute } from "../routes/delete_route.ts";
import { extraRoutes } from "../routes/routes.ts";
import { largerOfAll } from "./arp_faults.ts";
import type { Expected } from "./expected.ts";
import type { HostAddress, HostInterface, Snapshot } from "./snapshot.ts";

/** A cluster address on an interface. */
export interface Alias extends HostAddress {
  readonly interface: HostInterface;
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

/** Does the mask hold nothing but the address? */
export function hasHostMask({ address, prefixLength }: HostAddress): boolean {
  return prefixLength === hostLength(address);
}

function deleteAlias({ address, prefixLength, interface: { name } }: Alias): Command {
  return deleteAddress(address, prefixLength, name);
}

function missing(cluster: string): Fault {
  return {
    ...ON_THIS_MACHINE,
    id: "alias-missing",
    clusters: [cluster],
    found: `no interface has ${cluster}`,
    why: "this machine drops or forwards what the dispatcher sends to it, so its clients get no answer",
    mend: [addAlias(cluster)],
    decide: null,
  };
}

function onInterface(alias: Alias, isAlsoQuiet: boolean): Fault {
  const { address, prefixLength, interface: { name }, isDuplicate } = alias;
  const asked = isIpv6(address) ? "neighbor solicitations" : "ARP requests";
  return {
    ...ON_THIS_MACHINE,
    id: isDuplicate ? "dad-failed" : "alias-interface",
    clusters: [address],
    found: `${address}/${prefixLength} is on ${name}${isDuplicate ? ', marked "dadfailed"' : ""}`,
    why: isDuplicate
      ? "another machine on that link has the address too, so the kernel does not use it here"
      : `this machine answers ${asked} for the cluster address on ${name}, and traffic comes past the dispatcher`,
    mend: [deleteAlias(alias), ...(isAlsoQuiet ? [] : [addAlias(address)])],
    decide:
      `make sure that ${address} is not this machine's own address; a primary address takes its secondary ones with it`,
  };
}

function findMask(quiet: readonly Alias[], snapshot: Snapshot): Fault[] {
  const isThere = quiet.some(hasHostMask);
  return quiet.filter((alias) => !hasHostMask(alias)).map((alias) => {
    const { address, prefixLength, interface: { name } } = alias;
    const routes = routesOf(alias, snapshot).map(({ route }) => `${route.type ?? ""} ${route.text}`.trim());
    const right = isThere ? [] : [addAlias(address)];
    return {
      ...ON_THIS_MACHINE,
      id: "alias-mask",
      clusters: [address],
      found: `${address} has the mask /${prefixLength} on ${name}${
        routes.length === 0 ? "" : `, which brings the extra route "${routes.join('", "')}"`
      }`,
      why: isIpv6(address)
        ? "a route for the whole network leads to this machine itself, beside the one to the link or before it"
        : "this machine takes the whole network for itself: it cannot reach its router, and may answer ARP for all of it",
      // IPv4 can have both for a moment, so that no packet meets none. IPv6 has an address only once on an interface.
      mend: isIpv6(address) ? [deleteAlias(alias), ...right] : [...right, deleteAlias(alias)],
      decide: null,
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
    ...ON_THIS_MACHINE,
    id: "alias-scope",
    clusters: [alias.address],
    found: `${alias.address} has scope ${alias.scope}, and arp_ignore is 3 on ${
      links.map(({ name }) => name).join(", ")
    }`,
    why: "arp_ignore 3 is silent about addresses of scope host only, so this machine answers for this one",
    mend: [deleteAlias(alias), addAlias(alias.address)],
    decide: null,
  }));
}

/** The extra routes that no wrong mask explains: they were left behind, or somebody made them. */
function findExtraRoutes(cluster: string, quiet: readonly Alias[], snapshot: Snapshot): Fault[] {
  const explained = quiet.flatMap((alias) => routesOf(alias, snapshot).map(({ route }) => route));
  return extraRoutes(snapshot.routes, [cluster]).filter(({ route }) => !explained.includes(route)).map((
    { route },
  ) => ({
    ...ON_THIS_MACHINE,
    id: "extra-route",
    clusters: [cluster],
    found: `a route for ${route.text} leads to ${route.interface}`,
    why: "this machine takes that network for itself, so it cannot reach the other machines there",
    mend: [deleteRoute("linux", route).command],
    decide: null,
  }));
}

/** The extra routes that the alias's mask brings. */
function routesOf(alias: Alias, snapshot: Snapshot) {
  return extraRoutes(snapshot.routes, [alias.address]).filter(({ route }) =>
    !hasHostMask(alias) && route.interface === alias.interface.name &&
    route.network.prefixLength === alias.prefixLength
  );
}
