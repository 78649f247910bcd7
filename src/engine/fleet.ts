/** What BIRD announces for this dispatcher, and what people want of that. */

import type { AdministrationState } from "../cluster/liveness.ts";
import { UsageError } from "../input/errors.ts";
import type { EngineParts } from "./parts.ts";
import { type BirdStatus, type ClusterStatus, fleetStatusOf, routesStatusOf } from "./status.ts";

export interface FleetRoutes {
  readonly bird: BirdStatus;
  readonly routes: readonly ({ readonly cluster: string } & NonNullable<ClusterStatus["routes"]>)[];
}

/** Throws UsageError where no BIRD announces the routes. */
export function fleetOf(parts: EngineParts): FleetRoutes {
  const bird = fleetStatusOf(parts)?.bird ?? undefined;
  if (bird === undefined) {
    throw new UsageError("No BIRD announces the routes: the configuration has no fleet.bird");
  }
  return {
    bird,
    routes: parts.config.clusters.map(({ name }) => ({ cluster: name, ...routesStatusOf(name, parts)! })),
  };
}

/** Resolves when BIRD has the routes so, or does not answer. Throws UsageError where no BIRD announces them. */
export async function administerFleet(parts: EngineParts, state: AdministrationState): Promise<FleetRoutes> {
  fleetOf(parts);
  await parts.announcing!.administer(state);
  return fleetOf(parts);
}
