/**
 * What to tell a router, so that its packets for a cluster address go to the dispatcher: a host route, technique `route`.
 * `isConfirmed`: seen to work by this project; the rest is as the system's documentation has it.
 */

import { hostLength, isIpv6 } from "../../wire/address.ts";
import type { RouterRecipe } from "./guide.ts";

interface HostRoute {
  readonly address: string;
  readonly via: string;
}

/** `addresses` are the cluster's, `nextHops` the dispatcher's own; both canonical text. */
export function routeGuide(addresses: readonly string[], nextHops: readonly string[]): RouterRecipe[] {
  const routes = addresses.flatMap((address): HostRoute[] => {
    const via = nextHops.find((hop) => isIpv6(hop) === isIpv6(address));
    return via === undefined ? [] : [{ address, via }];
  });
  const lost = addresses.filter((address) => !routes.some((route) => route.address === address));
  const notes = lost.map((address) =>
    `No route for ${address}: the dispatcher has no address of its family.`
  );
  const recipe = (
    system: RouterRecipe["system"],
    command: (route: HostRoute) => string,
    ...own: string[]
  ): RouterRecipe => ({
    system,
    isConfirmed: system === "Linux",
    commands: routes.map(command),
    notes: [...own, ...notes],
  });
  return [
    recipe(
      "Linux",
      ({ address, via }) =>
        `ip ${isIpv6(address) ? "-6 " : ""}route replace ${address}/${hostLength(address)} via ${via}`,
      "It goes when the interface goes down or the machine restarts: put it where that configures the interface.",
    ),
    recipe(
      "Cisco IOS",
      ({ address, via }) =>
        isIpv6(address) ? `ipv6 route ${address}/128 ${via}` : `ip route ${address} 255.255.255.255 ${via}`,
    ),
    recipe(
      "Juniper Junos",
      ({ address, via }) =>
        `set routing-options ${isIpv6(address) ? "rib inet6.0 " : ""}static route ${address}/${
          hostLength(address)
        } next-hop ${via}`,
    ),
    recipe(
      "FreeBSD",
      ({ address, via }) => `route add ${isIpv6(address) ? "-inet6 " : ""}-host ${address} ${via}`,
      "It goes with a restart: static_routes in rc.conf(5) keeps it.",
    ),
  ];
}
