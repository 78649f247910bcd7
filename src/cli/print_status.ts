/** What a dispatcher does, as text: one screen, so with very many backends only those that are not up. */

import type { Output } from "../api/contract.ts";
import type { Counters } from "../api/counters.ts";
import type { EtcdStatus } from "../api/etcd_status.ts";
import type { Rate } from "../api/rates.ts";
import type { BackendStatus, ClusterStatus, FleetStatus } from "../engine/status.ts";
import { isDropped, NAMES } from "../path/verdict.ts";
import type { PeerStatus } from "../engine/peer_link.ts";
import type { FamilyStatus, PairStatus } from "../vrrp/pair.ts";
import type { FastPathStatus } from "../plane/fast_path_status.ts";
import { formatQuantity } from "../system/quantity.ts";
import { formatSpan } from "../system/span.ts";
import { describeBird } from "./print_fleet.ts";
import { formatTable } from "./table.ts";
import { wrap } from "./wrap.ts";

/** Backends, and clusters, that a screen has room for. */
const MOST_BACKENDS = 40;
const MOST_CLUSTERS = 10;

/** Reasons for which frames were passed up. */
const MOST_REASONS = 3;

export interface Shown {
  readonly status: Output<"status">;
  readonly counters: Counters;
  /** Undefined: they were not measured. */
  readonly rates: readonly Rate[] | undefined;
}

/** `nowMs`: milliseconds since 1970. */
export function describeStatus({ status, counters, rates }: Shown, nowMs: number): string {
  const { interface: name, runtime, startedAt, epoch, fastPath, pair, peer, fleet, etcd, clusters } = status;
  const moreClusters = clusters.length - MOST_CLUSTERS;
  const all = clusters.flatMap((cluster) => cluster.backends.map((backend) => ({ cluster, backend })));
  const shown = all.length <= MOST_BACKENDS ? all : all.filter(({ backend }) => backend.state !== "up");
  const moreBackends = shown.length - MOST_BACKENDS;
  return [
    [
      `${name}: up ${formatSpan(nowMs - Date.parse(startedAt))}, epoch ${epoch}, ${runtime}`,
      describeFastPath(fastPath, counters),
      ...(pair === null ? [] : describePair(pair, nowMs)),
      ...(peer === null ? [] : [describePeer(peer)]),
      ...(fleet === null ? [] : [describeFleet(fleet, nowMs)]),
      ...(etcd === null ? [] : [describeEtcd(etcd, nowMs)]),
      ...clusters.slice(0, MOST_CLUSTERS).map((cluster) => describeCluster(cluster, counters, nowMs)),
      ...(moreClusters > 0 ? [`and ${moreClusters} more clusters`] : []),
    ].join("\n"),
    ...(shown.length > 0 ? [tableOf(shown.slice(0, MOST_BACKENDS), rates, nowMs)] : []),
    ...(moreBackends > 0 ? [`and ${moreBackends} more that are not up`] : []),
    describeDrops(counters),
  ].join("\n\n");
}

/** Of one backend, after a command about it. */
export function describeBackend({ cluster, name, state, why, weight, buckets }: BackendStatus): string {
  return `${cluster}/${name} is ${state}: ${why}; weight ${weight}, ${buckets} buckets`;
}

/** By whose word it goes, and by which configuration. */
function describeEtcd(
  { name, alone, why, since, revision, refused, dispatchers }: EtcdStatus,
  nowMs: number,
): string {
  const others = dispatchers.filter((one) => one.revision !== revision);
  const by = revision === 0 ? "the clusters of its file" : `revision ${revision}`;
  return wrap(
    [
      alone
        ? `etcd: ${name} is alone for ${formatSpan(nowMs - Date.parse(since))}: ${why}`
        : `etcd: ${name} goes by ${dispatchers.length} ${
          dispatchers.length === 1 ? "dispatcher" : "dispatchers"
        }`,
      `runs by ${by}`,
      ...(refused === null ? [] : [`refused revision ${refused}`]),
      ...(alone ? [] : others.map((one) => `${one.name} by ${one.revision || "its file"}`)),
    ].join(", "),
    "  ",
  );
}

/** What the kernel carries out itself, of all that comes to the dispatcher; or why it does not, and what would help. */
function describeFastPath({ interface: name, why }: FastPathStatus, { workers, fastPath }: Counters): string {
  if (name === null) return wrap(`no fast path: ${why}`, "  ");
  const { dispatched, passedUp } = fastPath;
  const frames = workers.reduce((sum, count) => sum + count, dispatched);
  const share = frames === 0
    ? "no frame yet"
    : `${(100 * dispatched / frames).toFixed(1)} % of ${formatQuantity(frames)} frames`;
  const reasons = Object.entries(passedUp).filter(([, count]) => count > 0)
    .sort(([, one], [, other]) => other - one).slice(0, MOST_REASONS)
    .map(([reason, count]) => `${reason} ${formatQuantity(count)}`);
  return wrap(
    [
      `fast path: on ${name}, ${share}`,
      ...(reasons.length > 0 ? [`passed up mostly for ${reasons.join(", ")}`] : []),
    ].join("; "),
    "  ",
    /[,;] /,
  );
}

/** A line for each family: which one is active, since when, and why. */
function describePair({ id, families }: PairStatus, nowMs: number): string[] {
  return families.map((one) =>
    wrap(
      [
        `pair ${id}, ${one.family}: ${STANDING[one.state]} for ${formatSpan(nowMs - Date.parse(one.since))}`,
        one.why,
        ...otherOf(one),
        ...(one.splits > 0 ? [`${one.splits} times both were active`] : []),
      ].join("; "),
      "  ",
      /[,;] /,
    )
  );
}

/** Whether it could go on by what the other one has. */
function describePeer({ address, isActive, clusters, refused }: PeerStatus): string {
  const useless = Object.entries(refused).filter(([, count]) => count > 0).map(([why, count]) =>
    `${count} ${why}`
  );
  return wrap(
    [
      isActive
        ? `peer ${address}: it is active, and the maps of ${clusters} of its clusters are known here`
        : `peer ${address}: it does not say that it is active`,
      ...(useless.length === 0 ? [] : [`refused of what came: ${useless.join(", ")}`]),
    ].join("; "),
    "  ",
    /[,;] /,
  );
}

const STANDING = { active: "active", backup: "backup", initialize: "neither active nor backup" } as const;

/** Whom else it has heard. An active one hears nobody while all is well. */
function otherOf({ state, other, priority }: FamilyStatus): string[] {
  if (state === "active") return [`priority ${priority}`];
  if (other === null) return [`priority ${priority}`, "no other one was heard"];
  return [`priority ${priority}`, `heard ${other.address} with priority ${other.priority}`];
}

function describeCluster(
  { name, technique, live, backends, buckets, minimum, healthIgnored, routes }: ClusterStatus,
  counters: Counters,
  nowMs: number,
): string {
  const moving = counters.clusters.find((cluster) => cluster.name === name)?.bucketsInTransition ?? 0;
  return wrap(
    [
      `cluster ${name}: ${technique}`,
      `${live} of ${backends.length} backends get clients`,
      ...(moving > 0 ? [`${moving} of ${buckets} buckets in transition`] : []),
      ...(routes === null ? [] : [describeRoutes(routes, nowMs)]),
      ...(healthIgnored ? [`too few are healthy for its minimum ${minimum}: health is ignored`] : []),
    ].join(", "),
    "  ",
  );
}

function describeRoutes({ state, why, since }: NonNullable<ClusterStatus["routes"]>, nowMs: number): string {
  const time = formatSpan(nowMs - Date.parse(since));
  return state === "announced" ? `routes announced for ${time}` : `routes ${state} for ${time} (${why})`;
}

function describeFleet({ bird }: FleetStatus, nowMs: number): string {
  return bird === null
    ? "fleet: the cluster addresses are reached by static routes"
    : `fleet: ${describeBird(bird, nowMs)}`;
}

interface Row {
  readonly cluster: ClusterStatus;
  readonly backend: BackendStatus;
}

/** A line for each, and below it what there is to say of one that is not simply up. */
function tableOf(rows: readonly Row[], rates: readonly Rate[] | undefined, nowMs: number): string {
  const rateOf = new Map(rates?.map((rate) => [rate.address, rate]));
  const figures = rows.map(({ cluster, backend: { weight, buckets, probeMs, address } }) => {
    const { framesPerSecond = 0, bitsPerSecond = 0 } = rateOf.get(address) ?? {};
    return [
      String(weight),
      `${(100 * buckets / cluster.buckets).toFixed(1)} %`,
      probeMs === null ? "-" : `${formatMs(probeMs)} ms`,
      ...(rates === undefined ? [] : [formatQuantity(framesPerSecond), formatQuantity(bitsPerSecond)]),
    ];
  });
  const head = ["weight", "share", "probe", ...(rates === undefined ? [] : ["frames/s", "bits/s"])];
  const columns = rightAligned([head, ...figures]);
  const [first, ...lines] = formatTable(
    ["backend", "state", "for", ...columns[0]!],
    rows.map(({ backend: { cluster, name, state, since } }, index) => [
      `${cluster}/${name}`,
      state,
      formatSpan(nowMs - Date.parse(since)),
      ...columns[index + 1]!,
    ]),
  ).split("\n");
  return [first, ...lines.flatMap((line, index) => [line, ...notesOn(rows[index]!.backend)])].join("\n");
}

function notesOn({ state, why, live, portion, backup }: BackendStatus): string[] {
  const notes = [
    ...(state === "up" ? [] : [why]),
    ...(live && portion < 1 ? [`slow start, ${Math.round(portion * 100)} % so far`] : []),
    ...(backup ? ["backup"] : []),
  ];
  return notes.length > 0 ? [`    ${wrap(notes.join("; "), "    ")}`] : [];
}

/** What was dropped since the start, by verdict. */
function describeDrops({ verdicts, tapDropped }: Counters): string {
  const drops = NAMES.filter((name, verdict) => isDropped(verdict) && (verdicts[name] ?? 0) > 0)
    .map((name) => `${name} ${verdicts[name]}`);
  const all = [...drops, ...(tapDropped > 0 ? [`by the TAP's full queue ${tapDropped}`] : [])];
  return all.length === 0 ? "No frame was dropped." : `dropped: ${wrap(all.join(", "), "         ", /, /)}`;
}

function formatMs(ms: number): string {
  return ms < 10 ? ms.toFixed(1) : ms.toFixed(0);
}

/** Each text as wide as the widest of its column. */
function rightAligned(rows: readonly (readonly string[])[]): string[][] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((text, column) => text.padStart(widths[column]!)));
}
