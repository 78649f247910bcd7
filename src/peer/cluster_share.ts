/**
 * What is known of a cluster's buckets (cluster/transitions_record.ts) as series of numbers, and back. Of buckets that are not in transition
 * only the owner is told. Times are told as how long ago, since each machine has a clock of its own. When frames last came is not told:
 * for who takes over they came just now, so that nothing ends too early.
 */

import type { ClusterTransitionsRecord } from "../cluster/transitions.ts";
import type { PartRecord } from "../cluster/transitions_record.ts";
import { NO_BACKEND } from "../table/bucket_map.ts";
import { phaseOf, RECORDED, RECORDED_STAMP, stampOf } from "../table/connections.ts";
import type { ClusterSaid, SERIES, SeriesName } from "./message.ts";

export type Series = { readonly [Name in SeriesName]: InstanceType<(typeof SERIES)[Name]> };

export type ClusterHead = Omit<ClusterSaid, "kind" | "version">;

/** `nowMs` by the clock of the record. */
export function seriesOf({ transitions, began }: PartRecord, nowMs: number): Series {
  const { owners, former, old, movedMs, more } = transitions;
  const moving: number[] = [];
  for (const [bucket, backend] of former.entries()) if (backend !== NO_BACKEND) moving.push(bucket);
  return {
    owners: Uint16Array.from(owners),
    moving: Uint16Array.from(moving),
    former: Uint16Array.from(moving, (bucket) => former[bucket]!),
    old: Uint16Array.from(moving, (bucket) => old[bucket]!),
    moved: Int32Array.from(moving, (bucket) => Math.min(nowMs - movedMs[bucket]!, 0x7fffffff)),
    began: Int32Array.from(moving, (bucket) => began[bucket]!),
    more: Uint16Array.from(
      more.flatMap(([bucket, backends]) => backends.flatMap((backend) => [bucket, backend])),
    ),
  };
}

export function headOf(
  { cluster, backends, transitions }: PartRecord,
  series: Series,
  nowMs: number,
): ClusterHead {
  return {
    ...cluster,
    mask: { ...cluster.mask },
    backends: backends.map((backend) => ({ ...backend })),
    leaving: transitions.leaving.map((
      [backend, { sinceMs, ...rest }],
    ) => [backend, { forMs: nowMs - sinceMs, ...rest }]),
    lengths: Object.fromEntries(
      Object.entries(series).map(([name, { length }]) => [name, length]),
    ) as ClusterHead["lengths"],
  };
}

/** The record of what was told, by this machine's clock. `connections` as table/connections.ts records them. `tick`: the teller's now. */
export function partOf(
  head: ClusterHead,
  series: Series,
  connections: Int32Array,
  tick: number,
  nowMs: number,
): PartRecord {
  const { name, buckets, seed, mask, backends, leaving } = head;
  const { owners, moving, more } = series;
  const former = new Uint16Array(buckets).fill(NO_BACKEND);
  const old = new Uint16Array(buckets);
  const movedMs = new Float64Array(buckets);
  const began = new Int32Array(buckets);
  const strayed = new Int32Array(buckets);
  for (const [index, bucket] of moving.entries()) {
    former[bucket] = series.former[index]!;
    old[bucket] = series.old[index]!;
    movedMs[bucket] = nowMs - series.moved[index]!;
    began[bucket] = series.began[index]!;
    strayed[bucket] = tick;
  }
  const transitions: ClusterTransitionsRecord = {
    owners,
    former,
    more: moreIn(more),
    old,
    movedMs,
    leaving: leaving.map(([backend, { forMs, ...rest }]) => [backend, { sinceMs: nowMs - forMs, ...rest }]),
  };
  return {
    cluster: { name, buckets, seed, mask },
    backends,
    transitions,
    began,
    remembered: { strayed, connections: heardAt(connections, tick) },
  };
}

function heardAt(connections: Int32Array, tick: number): Int32Array {
  const rows = connections.slice();
  for (let at = RECORDED_STAMP; at < rows.length; at += RECORDED) {
    rows[at] = stampOf(tick, phaseOf(rows[at]!));
  }
  return rows;
}

/** By bucket. */
function moreIn(numbers: Uint16Array): [number, number[]][] {
  const more = new Map<number, number[]>();
  for (let at = 0; at + 1 < numbers.length; at += 2) {
    const [bucket, backend] = [numbers[at]!, numbers[at + 1]!];
    more.set(bucket, [...more.get(bucket) ?? [], backend]);
  }
  return [...more];
}
