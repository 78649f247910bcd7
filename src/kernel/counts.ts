/** What the fast path has counted. */

import type { TableSize } from "../table/forwarding_table.ts";
import { REASONS } from "./program/passed_up.ts";

/** Of frames that it has dispatched; the octets are those of whole frames. */
export interface Dispatched {
  readonly frames: Float64Array;
  readonly octets: Float64Array;
}

export class FastPathCounts {
  readonly toNeighbor: Dispatched;
  /** The same frames. */
  readonly toCluster: Dispatched;
  /** Passed up, by reason. */
  readonly passedUp: Float64Array = new Float64Array(REASONS.length);

  constructor({ neighbors, clusters }: Pick<TableSize, "neighbors" | "clusters">) {
    this.toNeighbor = { frames: new Float64Array(neighbors), octets: new Float64Array(neighbors) };
    this.toCluster = { frames: new Float64Array(clusters), octets: new Float64Array(clusters) };
  }

  get dispatched(): number {
    return this.toNeighbor.frames.reduce((sum, count) => sum + count, 0);
  }
}
