/** What a dispatcher has done since its start. The numbers only grow: rates are differences of two answers, made by who asks. */

import { dropped } from "../device/dropped.ts";
import type { Engine } from "../engine/engine.ts";
import type { Report } from "../engine/report.ts";
import type { ProbeCounts } from "../health/record.ts";

export interface Counters {
  /** When they were read: ISO 8601, in UTC. */
  readonly time: string;
  /** Frames by verdict, those of the fast path among them; all names of path/verdict.ts. */
  readonly verdicts: Readonly<Record<string, number>>;
  /** Frames to the dispatcher that the TAP's full queue has dropped. */
  readonly tapDropped: number;
  /** What the kernel did before the device: frames that it dispatched itself, and those that it passed up, by reason. */
  readonly fastPath: Report["fastPath"];
  /** Frames read by each data-plane worker. */
  readonly workers: readonly number[];
  /** Dispatched to each machine, by its primary address: it may be a backend of several clusters. */
  readonly machines: readonly {
    readonly address: string;
    readonly frames: number;
    readonly octets: number;
  }[];
  /** Frames that waited for a backend's MAC. */
  readonly pending: { readonly sent: number; readonly dropped: number };
  readonly probes: ProbeCounts;
  readonly clusters: readonly {
    readonly name: string;
    /** Dispatched to its backends. */
    readonly frames: number;
    readonly octets: number;
    /** Those of them that went to all at once. */
    readonly broadcastFrames: number;
    /** Now, like the connections that are remembered. */
    readonly bucketsInTransition: number;
    readonly connectionsRemembered: number;
    /** That found no room to be remembered. */
    readonly connectionsUnremembered: number;
  }[];
}

/** `nowMs`: milliseconds since 1970. */
export function countersOf(engine: Engine, nowMs: number): Counters {
  const { verdicts, fastPath, workers, dispatched, octets, kept, ...report } = engine.report();
  return {
    time: new Date(nowMs).toISOString(),
    verdicts,
    tapDropped: dropped(engine.interfaceName),
    fastPath,
    workers,
    machines: Object.entries(dispatched).map(([address, frames]) => (
      { address, frames, octets: octets[address]! }
    )),
    pending: kept,
    probes: engine.probes,
    clusters: Object.entries(report.transitions).map(([name, { buckets, remembered, unremembered }]) => ({
      name,
      ...report.clusters[name]!,
      broadcastFrames: report.broadcast[name]!,
      bucketsInTransition: buckets,
      connectionsRemembered: remembered,
      connectionsUnremembered: unremembered,
    })),
  };
}
