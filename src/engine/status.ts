/** The state of each backend, with since and why, and what it has of its cluster's buckets. */

import type {
  AdministrationState,
  Aspect,
  BackendState,
  HealthState,
  NeighborState,
} from "../cluster/liveness.ts";
import type { BackendConfig, ClusterConfig } from "../config/config.ts";
import type { Clock } from "../system/clock.ts";
import type { Technique } from "../cluster/techniques.ts";
import type { RouteWish } from "../fleet/announcement.ts";
import type { Sessions } from "../fleet/bird_protocols.ts";
import type { PairStatus } from "../vrrp/pair.ts";
import type { EngineParts } from "./parts.ts";
import type { PeerStatus } from "./peer_link.ts";

/** The parts of an engine that know of it. */
type Known = Pick<
  EngineParts,
  "config" | "forwarding" | "liveness" | "prober" | "pair" | "peer" | "publisher" | "announcing" | "clock"
>;

export interface AspectStatus<State> {
  readonly state: State;
  readonly why: string;
  /** ISO 8601, in UTC. */
  readonly since: string;
}

/** A backend as it is now. */
export interface BackendStatus extends AspectStatus<BackendState> {
  readonly cluster: string;
  readonly name: string;
  readonly address: string;
  /** It may get new clients. */
  readonly live: boolean;
  /** 0 to 100, as it is now. */
  readonly weight: number;
  readonly backup: boolean;
  /** Less than 1 while it starts slowly: its portion of its own buckets. */
  readonly portion: number;
  /** That it owns now. */
  readonly buckets: number;
  /** Milliseconds that its latest successful probe took, the slowest of its probes; null before, and without probes. */
  readonly probeMs: number | null;
  readonly neighbor: AspectStatus<NeighborState>;
  readonly health: AspectStatus<HealthState>;
  readonly administration: AspectStatus<AdministrationState>;
}

/** A cluster as it is now, with its backends. */
export interface ClusterStatus {
  readonly name: string;
  readonly technique: Technique;
  /** In all. */
  readonly buckets: number;
  /** Backends that may get new clients. */
  readonly live: number;
  /** Null without one. */
  readonly minimum: number | null;
  /** Fewer than the minimum are live, so health does not count. */
  readonly healthIgnored: boolean;
  /** As BIRD announces them; null where no BIRD does. */
  readonly routes: AspectStatus<RouteWish | "unknown"> | null;
  readonly backends: readonly BackendStatus[];
}

/** BIRD, as far as it announces the clusters' routes. */
export interface BirdStatus {
  readonly socket: string;
  readonly answers: boolean;
  /** Why it does not; null while it does. */
  readonly why: string | null;
  /** It answers, or does not. ISO 8601, in UTC. */
  readonly since: string;
  /** Of BGP: how many there are, and how many are established. */
  readonly sessions: Sessions;
  /** What people want of this dispatcher. */
  readonly administration: AdministrationState;
}

export interface FleetStatus {
  readonly bird: BirdStatus | null;
}

/** A dispatcher as it is now. */
export interface Status {
  /** How often a forwarding table was published so far. */
  readonly epoch: number;
  /** Which one of a pair is active; null without one. */
  readonly pair: PairStatus | null;
  /** What is known of the other one; null where nothing is told. */
  readonly peer: PeerStatus | null;
  /** Null without a fleet. */
  readonly fleet: FleetStatus | null;
  readonly clusters: readonly ClusterStatus[];
}

export function statusOf(parts: Known): Status {
  const { forwarding: { maps, techniques }, liveness, pair, peer, publisher } = parts;
  return {
    epoch: publisher.epoch,
    pair: pair.status(),
    peer: peer?.status() ?? null,
    fleet: fleetStatusOf(parts),
    clusters: maps.map((map) => {
      const { cluster } = map;
      const shares = map.shares();
      const backends = cluster.backends.map((backend, index) =>
        backendStatus(cluster, backend, shares[index]!, parts)
      );
      return {
        name: cluster.name,
        technique: techniques.isBroadcast(cluster) ? "broadcast" : "route",
        buckets: cluster.buckets,
        live: backends.filter(({ live }) => live).length,
        minimum: cluster.minimum ?? null,
        healthIgnored: liveness.isHealthIgnored(cluster.name),
        routes: routesStatusOf(cluster.name, parts),
        backends,
      };
    }),
  };
}

/** Null without a fleet. */
export function fleetStatusOf(
  { config, announcing, clock }: Pick<Known, "config" | "announcing" | "clock">,
): FleetStatus | null {
  if (config.fleet === undefined) return null;
  if (announcing === undefined) return { bird: null };
  const { bird: { socket, answers, why, sinceMs, sessions }, administration } = announcing;
  const { since } = aspectOf(clock, { state: answers, why, sinceMs });
  return { bird: { socket, answers, why: answers ? null : why, since, sessions, administration } };
}

/** As BIRD announces them; null where no BIRD does. */
export function routesStatusOf(
  cluster: string,
  { announcing, clock }: Pick<Known, "announcing" | "clock">,
): ClusterStatus["routes"] {
  return announcing === undefined ? null : aspectOf(clock, announcing.routeOf(cluster));
}

/** With its time as others understand it. */
function aspectOf<State>(clock: Clock, { state, why, sinceMs }: Aspect<State>): AspectStatus<State> {
  return { state, why, since: new Date(clock.sinceEpoch() - clock.now() + sinceMs).toISOString() };
}

/** `buckets`: that it owns. */
export function backendStatus(
  cluster: ClusterConfig,
  { name, address, backup }: BackendConfig,
  buckets: number,
  { liveness: book, prober, clock }: Known,
): BackendStatus {
  const liveness = book.of(cluster.name, name);
  const tookMs = prober.tookMs(cluster.name, name);
  const aspect = <State>(of: Aspect<State>) => aspectOf(clock, of);
  const { weight, portion, isLive, neighbor, health, administration } = liveness;
  return {
    cluster: cluster.name,
    name,
    address,
    ...aspect(liveness),
    live: isLive,
    weight,
    backup,
    portion,
    buckets,
    probeMs: tookMs === null ? null : Math.round(tookMs * 1000) / 1000,
    neighbor: aspect(neighbor),
    health: aspect(health),
    administration: aspect(administration),
  };
}
