/** The machines on the link that the dispatcher must reach: backends, gateways and next hops, and what is known of each. */

import type { NeighborState } from "../cluster/liveness.ts";
import { formatMac } from "../wire/address.ts";
import type { EngineParts } from "./parts.ts";

export interface NeighborStatus {
  readonly address: string;
  /** Null until the first answer, and again after it has failed. */
  readonly mac: string | null;
  readonly state: NeighborState;
  /** ISO 8601, in UTC. */
  readonly since: string;
}

export function neighborsOf(
  { resolver: { neighbors }, clock }: Pick<EngineParts, "resolver" | "clock">,
): NeighborStatus[] {
  const began = clock.sinceEpoch() - clock.now();
  return Array.from({ length: neighbors.size }, (_, neighbor) => {
    const mac = neighbors.mac(neighbor);
    const failed = neighbors.state(neighbor) === "failed";
    return {
      address: neighbors.address(neighbor),
      mac: mac === undefined ? null : formatMac(mac.high, mac.low),
      state: mac !== undefined ? "reachable" : failed ? "failed" : "unknown",
      since: new Date(began + neighbors.sinceMs(neighbor)).toISOString(),
    };
  });
}
