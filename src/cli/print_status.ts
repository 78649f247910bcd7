/** The states of a dispatcher's backends as text: one screen, so with very many backends only those that are not up. */

import type { BackendStatus, ClusterStatus, Status } from "../engine/status.ts";
import { formatSpan } from "../system/span.ts";
import { formatTable } from "./table.ts";

/** Rows that a screen has room for. */
const MOST_ROWS = 40;

const HEAD = ["cluster", "backend", "state", "for", "weight", "buckets", "share", "why"];

/** `nowMs`: milliseconds since 1970. */
export function describeStatus({ clusters }: Status, nowMs: number): string {
  const all = clusters.flatMap((cluster) => cluster.backends.map((backend) => ({ cluster, backend })));
  const shown = all.length <= MOST_ROWS ? all : all.filter(({ backend }) => backend.state !== "up");
  const rows = shown.slice(0, MOST_ROWS).map(({ cluster, backend }) => rowOf(cluster, backend, nowMs));
  const hidden = shown.length - rows.length;
  return [
    ...(rows.length > 0 ? [formatTable(HEAD, rows)] : []),
    ...(hidden > 0 ? [`and ${hidden} more that are not up`] : []),
    ...(all.length > MOST_ROWS ? [clusters.map(summaryOf).join("\n")] : []),
    ...clusters.filter(({ healthIgnored }) => healthIgnored).map(alarmOf),
  ].join("\n\n");
}

/** Of one backend, after a command about it. */
export function describeBackend({ cluster, name, state, why, weight, buckets }: BackendStatus): string {
  return `${cluster}/${name} is ${state}: ${why}; weight ${weight}, ${buckets} buckets`;
}

function rowOf(cluster: ClusterStatus, backend: BackendStatus, nowMs: number): (string | number)[] {
  const { name, state, why, since, weight, buckets, portion, backup, live } = backend;
  const notes = [
    why,
    ...(live && portion < 1 ? [`slow start, ${Math.round(portion * 100)} % so far`] : []),
    ...(backup ? ["backup"] : []),
  ];
  return [
    cluster.name,
    name,
    state,
    formatSpan(nowMs - Date.parse(since)),
    weight,
    buckets,
    `${(100 * buckets / cluster.buckets).toFixed(1)} %`,
    notes.join("; "),
  ];
}

function summaryOf({ name, backends }: ClusterStatus): string {
  const up = backends.filter(({ state }) => state === "up").length;
  return `${name}: ${up} of ${backends.length} backends are up`;
}

function alarmOf({ name, live, minimum }: ClusterStatus): string {
  return `Cluster ${name} has too few healthy backends for its minimum ${minimum}: health is ignored, ${live} get clients`;
}
