/** What a dispatcher has done, as text: what is 0 is left out where there is much of it. */

import type { Counters } from "../api/counters.ts";
import { formatTable } from "./table.ts";

export function describeCounters(counters: Counters): string {
  const { time, verdicts, tapDropped, workers, fastPath, machines, pending, probes, clusters } = counters;
  const counted = Object.entries(verdicts).filter(([, frames]) => frames > 0);
  return [
    `at ${time}`,
    formatTable(["verdict", "frames"], counted),
    formatTable(
      ["machine", "frames", "octets"],
      machines.map((one) => [one.address, one.frames, one.octets]),
    ),
    formatTable(
      ["cluster", "frames", "octets", "to all", "buckets in transition", "remembered", "not remembered"],
      clusters.map(({ name, frames, octets, broadcastFrames, bucketsInTransition, ...connections }) => [
        ...[name, frames, octets, broadcastFrames, bucketsInTransition],
        ...[connections.connectionsRemembered, connections.connectionsUnremembered],
      ]),
    ),
    formatTable(["count of", "number"], [
      ...workers.map((frames, worker): [string, number] => [`frames read by worker ${worker}`, frames]),
      ["frames dispatched by the fast path", fastPath.dispatched],
      ...Object.entries(fastPath.passedUp).filter(([, frames]) => frames > 0)
        .map(([reason, frames]): [string, number] => [`frames that it passed up: ${reason}`, frames]),
      ["frames dropped by the interface's full queue", tapDropped],
      ["frames that waited for a MAC and were sent", pending.sent],
      ["frames that waited for a MAC and were dropped", pending.dropped],
      ["probes begun", probes.asked],
      ["probes failed", probes.failed],
      ["probes failed that say little", probes.doubted],
    ]),
  ].join("\n\n");
}
