/** What BIRD announces, as text. */

import type { FleetRoutes } from "../engine/fleet.ts";
import type { BirdStatus } from "../engine/status.ts";
import { formatSpan } from "../system/span.ts";
import { formatTable } from "./table.ts";
import { wrap } from "./wrap.ts";

/** `nowMs`: milliseconds since 1970. */
export function describeFleet({ bird, routes }: FleetRoutes, nowMs: number): string {
  const rows = routes.map(({ cluster, state, why, since }) => [
    cluster,
    state,
    formatSpan(nowMs - Date.parse(since)),
    why,
  ]);
  return `${describeBird(bird, nowMs)}\n\n${formatTable(["cluster", "routes", "for", "because"], rows)}`;
}

/** One sentence, or two. */
export function describeBird(
  { socket, answers, why, since, sessions, administration }: BirdStatus,
  nowMs: number,
): string {
  const { established, all } = sessions;
  const wanted =
    { active: "", draining: "; drained by command", down: "; taken down by command" }[administration];
  const time = formatSpan(nowMs - Date.parse(since));
  return wrap(
    answers
      ? `BIRD at ${socket}: ${established} of ${all} sessions of BGP are established${wanted}`
      : `BIRD at ${socket} does not answer for ${time}: ${why}; its routes stay as they were${wanted}`,
    "  ",
  );
}
