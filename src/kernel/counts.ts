/** What the fast path has counted. */

import { REASONS } from "./program/passed_up.ts";

export class FastPathCounts {
  /** Dispatched by neighbor; the octets are those of whole frames. */
  readonly frames: Float64Array;
  readonly octets: Float64Array;
  /** Passed up, by reason. */
  readonly passedUp = new Float64Array(REASONS.length);

  constructor(neighbors: number) {
    this.frames = new Float64Array(neighbors);
    this.octets = new Float64Array(neighbors);
  }

  get dispatched(): number {
    return this.frames.reduce((sum, count) => sum + count, 0);
  }
}
