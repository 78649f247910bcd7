/**
 * What an engine knows, as plain data and typed arrays, so that another one goes on by it: by another configuration in the same process
 * (a reload), or in another process that perhaps runs other code (a takeover).
 *
 *     one ── record ──▶ another one computes its tables ── one's workers stop ── late record ──▶ the other one's go on
 *
 * Times are by the clock of the engine that knows; the other one's clock goes on from there.
 */

import type { ClusterRecord } from "../cluster/liveness.ts";
import type { Agreement } from "../cluster/quorum.ts";
import type { TechniqueRecord } from "../cluster/techniques.ts";
import type { ProberRecord } from "../health/record.ts";
import type { WaitingRecord } from "../link/resolver.ts";
import type { AnnouncingRecord } from "./announcing.ts";
import type { NeighborsRecord } from "../table/neighbors.ts";
import type { PairRecord } from "../vrrp/pair.ts";
import type { Report } from "./report.ts";
import type { RememberedRecord, TransitionsRecord } from "../cluster/transitions_record.ts";

/** Of both records and the text that they become: another one with each change of its shape or meaning. */
export const RECORD_VERSION = 8;

export interface EngineRecord {
  readonly neighbors: NeighborsRecord;
  readonly liveness: readonly ClusterRecord[];
  /** Null: it knows nothing of a fleet. */
  readonly agreement: Agreement | null;
  readonly health: ProberRecord;
  readonly techniques: readonly TechniqueRecord[];
  readonly transitions: TransitionsRecord;
  /** Null without a pair. */
  readonly pair: PairRecord | null;
  /** Null where no BIRD announces the routes. */
  readonly announcing: AnnouncingRecord | null;
  /** How often a table was published. */
  readonly epoch: number;
}

/** What workers have written until they stopped. */
export interface LateRecord {
  /** By cluster of the record. */
  readonly remembered: readonly RememberedRecord[];
  /** Frames that wait for a neighbor's MAC. */
  readonly waiting: readonly WaitingRecord[];
  /** As before, but for what was said in its place since. */
  readonly pair: PairRecord | null;
  /** What was done so far. */
  readonly report: Report;
}
