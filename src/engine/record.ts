/**
 * What an engine knows, as plain data and typed arrays, so that another one goes on by it: by another configuration in the same process
 * (a reload), or in another process that perhaps runs other code (a takeover).
 *
 *     engine ── record ── another engine                          reload
 *     engine ── record ── text ── record ── another engine        takeover
 *
 * Times are by the clock of the engine that knows; the other one's clock goes on from there.
 */

import type { ClusterRecord } from "../cluster/liveness.ts";
import type { TechniqueRecord } from "../cluster/techniques.ts";
import type { ProbedRecord } from "../health/prober.ts";
import type { NeighborsRecord } from "../table/neighbors.ts";
import type { TransitionsRecord } from "./transitions.ts";

export interface EngineRecord {
  readonly neighbors: NeighborsRecord;
  readonly liveness: readonly ClusterRecord[];
  readonly health: readonly ProbedRecord[];
  readonly techniques: readonly TechniqueRecord[];
  readonly transitions: TransitionsRecord;
}
