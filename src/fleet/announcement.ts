/**
 * The routes of a cluster as BIRD has them: for each family two static protocols, of which one at most is enabled.
 *
 *     oneip_web_ipv4          the routes, as they are usually announced
 *     oneip_web_ipv4_drain    the same with the community GRACEFUL_SHUTDOWN (RFC 8326): routers that have others go over to these
 *
 * `oneip router guide` prints them (guide_bird.ts). While both are enabled the first one is preferred, so that from one to the other no
 * route is ever missing.
 */

import type { ClusterConfig } from "../config/config.ts";
import { isIpv6 } from "../wire/address.ts";

export const FAMILIES = ["ipv4", "ipv6"] as const;
export type Family = (typeof FAMILIES)[number];

/** What is to become of a cluster's routes. */
export type RouteWish = "announced" | "leaving" | "withdrawn";

/** What all names of ours in BIRD begin with. */
export const PREFIX = "oneip_";

/** Names of BIRD's protocols for one cluster and family. */
export interface Protocols {
  readonly usual: string;
  readonly drain: string;
}

export function familiesOf({ addresses }: Pick<ClusterConfig, "addresses">): Family[] {
  return FAMILIES.filter((family) => addresses.some((address) => isIpv6(address) === (family === "ipv6")));
}

export function protocolsOf(cluster: string, family: Family): Protocols {
  const usual = `${PREFIX}${cluster}_${family}`;
  return { usual, drain: `${usual}_drain` };
}

/** Which protocol is to be enabled, in the order in which that is said: what is enabled first bridges the change. */
export function wishedOf(
  { usual, drain }: Protocols,
  wish: RouteWish,
): [protocol: string, isEnabled: boolean][] {
  switch (wish) {
    case "announced":
      return [[usual, true], [drain, false]];
    case "leaving":
      return [[drain, true], [usual, false]];
    case "withdrawn":
      return [[usual, false], [drain, false]];
  }
}
