/** The machines that a dispatcher must reach, as text. */

import type { NeighborStatus } from "../engine/neighbors.ts";
import { formatSpan } from "../system/span.ts";
import { formatTable } from "./table.ts";

/** `nowMs`: milliseconds since 1970. */
export function describeNeighbors(neighbors: readonly NeighborStatus[], nowMs: number): string {
  return formatTable(
    ["address", "MAC", "state", "for"],
    neighbors.map(({ address, mac, state, since }) => [
      ...[address, mac ?? "none", state, formatSpan(nowMs - Date.parse(since))],
    ]),
  );
}
