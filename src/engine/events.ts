/** Tells the log what has become of neighbors, backends and maps: one line each, with a stable name in `event`. */

import type { Logger } from "pino";
import type { BackendState, BackendTurn, ClusterBelief } from "../cluster/liveness.ts";
import type { FaultId } from "../fault/ids.ts";
import type { Family, FamilyStatus } from "../vrrp/pair.ts";
import type { Advertisement, RouterState } from "../vrrp/virtual_router.ts";
import { formatMac, type Mac } from "../wire/address.ts";
import type { TransitionsRecord } from "../cluster/transitions_record.ts";
import type { MapChange, NeighborChange, Outcome } from "./forwarding.ts";
import type { Transitions } from "./transitions.ts";

/** Of the moves of one change, which may be as many as there are buckets. */
const MOST_MOVES = 32;

interface StateEvent {
  readonly event: string;
  readonly message: string;
  readonly isAlarm: boolean;
}

/** Nothing is said of a backend before its first verdict. */
const STATES: Readonly<Record<Exclude<BackendState, "unknown">, StateEvent>> = {
  up: { event: "backend.up", message: "backend is up", isAlarm: false },
  down: { event: "backend.down", message: "backend is down", isAlarm: true },
  flapping: { event: "backend.flapping", message: "backend goes up and down", isAlarm: true },
  draining: { event: "backend.draining", message: "backend is draining", isAlarm: false },
};

/** What else is known of those that have changed. */
export interface About {
  /** The MAC at a primary address, where it is known. */
  macOf(address: string): Mac | undefined;
  /** What `oneip verify` would call what its probes have found; null where it would not look. */
  faultOf(cluster: string, backend: string): FaultId | null;
}

export function tell(log: Logger, outcome: Outcome, about: About): void {
  for (const change of outcome.neighbors) tellNeighbor(log, change);
  for (const turn of outcome.turns) tellTurn(log, turn, about);
  for (const belief of outcome.beliefs) tellBelief(log, belief);
  for (const change of outcome.maps) tellMap(log, change);
}

function tellNeighbor(log: Logger, { address, mac, backends }: NeighborChange): void {
  const about = { address, ...(backends.length > 0 ? { backends } : { nextHop: true }) };
  if (mac === undefined) log.warn(about, "neighbor does not answer");
  else log.info({ ...about, mac: formatMac(mac.high, mac.low) }, "neighbor answers");
}

function tellTurn(log: Logger, turn: BackendTurn, { macOf, faultOf }: About): void {
  if (turn.state === "unknown") return;
  const { event, message, isAlarm } = STATES[turn.state];
  const { cluster, backend, address, by, why, was, wasForMs } = turn;
  const mac = macOf(address);
  log[isAlarm ? "warn" : "info"]({
    event,
    cluster,
    backend,
    address,
    ...(mac === undefined ? {} : { mac: formatMac(mac.high, mac.low) }),
    by,
    reason: why,
    ...(by === "health" && turn.state === "down" ? { fault: faultOf(cluster, backend) } : {}),
    was,
    wasForMs: Math.round(wasForMs),
  }, message);
}

function tellBelief(log: Logger, { cluster, isHealthIgnored, live, minimum }: ClusterBelief): void {
  const about = { cluster, live, minimum };
  if (isHealthIgnored) {
    log.warn({ event: "health.ignored", ...about }, "too few live backends: health is ignored");
  } else log.info({ event: "health.heeded", ...about }, "enough live backends: health counts again");
}

function tellMap(log: Logger, { cluster, moves }: MapChange): void {
  const nameOf = (index: number | undefined) => index === undefined ? null : cluster.backends[index]!.name;
  log.info({
    event: "map.changed",
    cluster: cluster.name,
    moved: moves.reduce((sum, { buckets }) => sum + buckets, 0),
    buckets: cluster.buckets,
    moves: moves.slice(0, MOST_MOVES).map(({ from, to, buckets }) => ({
      from: nameOf(from),
      to: nameOf(to),
      buckets,
    })),
    ...(moves.length > MOST_MOVES ? { more: moves.length - MOST_MOVES } : {}),
  }, "bucket map changed");
}

/** Which one of a pair is active now, in one family. */
export function tellPair(log: Logger, status: FamilyStatus, was: RouterState): void {
  const { family, state, why, other, forwards } = status;
  if (state === was) return;
  const about = { family, reason: why, was, other: other?.address ?? null };
  switch (state) {
    case "active":
      return log.info({ event: "pair.active", ...about }, "active: the shared addresses are here");
    case "backup":
      return log.info(
        { event: "pair.backup", ...about },
        forwards
          ? "backup, and forwards until another one is heard"
          : "backup: the shared addresses are not here",
      );
    case "initialize":
      return log.info({ event: "pair.leaving", ...about }, "leaves the shared addresses to the other one");
  }
}

/** Two are active at once: each forwards, and no connection is lost by it, but they do not hear each other as they should. */
export function tellSplit(log: Logger, family: Family, { from, priority }: Advertisement): void {
  log.error({
    event: "pair.split",
    family,
    other: from,
    priority,
    remedy:
      "if it goes on, look why the other one does not hear this one: the link between them, a filter of multicast, another checksum",
  }, "another dispatcher is active at the same time");
}

/** It goes on by what the other one of its pair had. */
export function tellWentOn(
  log: Logger,
  other: string,
  { clusters }: TransitionsRecord,
  transitions: Transitions,
): void {
  const reports = clusters.map((_, index) => transitions.of(index));
  log.info({
    event: "pair.went_on",
    other,
    clusters: clusters.map(({ cluster }) => cluster.name),
    buckets: reports.reduce((sum, { buckets }) => sum + buckets, 0),
    connections: reports.reduce((sum, { remembered }) => sum + remembered, 0),
  }, "goes on by the other one's maps and transitions");
}
