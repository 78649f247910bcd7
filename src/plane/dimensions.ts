/** How large the shared memory is. */

import type { TableSize } from "../table/forwarding_table.ts";

/** What the sizes of the shared memory depend on. */
export interface Dimensions extends TableSize {
  /** By cluster: the connections that there is room for while buckets are in transition. Default: for a few. */
  readonly connections?: readonly number[];
  /** Octets of a frame's slot, a multiple of four. */
  readonly slotSize: number;
  /** Default 1. */
  readonly workers?: number;
}
