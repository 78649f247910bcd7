/** The state of each backend, with since and why, and what it has of its cluster's buckets. */

import type {
  AdministrationState,
  Aspect,
  BackendState,
  HealthState,
  NeighborState,
} from "../cluster/liveness.ts";
import type { BackendConfig, ClusterConfig } from "../config/config.ts";
import type { Technique } from "../cluster/techniques.ts";
import type { PairStatus } from "../vrrp/pair.ts";
import type { EngineParts } from "./parts.ts";
import type { PeerStatus } from "./peer_link.ts";

/** The parts of an engine that know of it. */
type Known = Pick<
  EngineParts,
  "forwarding" | "liveness" | "prober" | "pair" | "peer" | "publisher" | "clock"
>;

export interface AspectStatus<State> {
  readonly state: State;
  readonly why: string;
  /** ISO 8601, in UTC. */
  readonly since: string;
}

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
  readonly backends: readonly BackendStatus[];
}

export interface Status {
  /** How often a forwarding table was published so far. */
  readonly epoch: number;
  /** Which one of a pair is active; null without one. */
  readonly pair: PairStatus | null;
  /** What is known of the other one; null where nothing is told. */
  readonly peer: PeerStatus | null;
  readonly clusters: readonly ClusterStatus[];
}

export function statusOf(parts: Known): Status {
  const { forwarding: { maps, techniques }, liveness, pair, peer, publisher } = parts;
  return {
    epoch: publisher.epoch,
    pair: pair.status(),
    peer: peer?.status() ?? null,
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
        backends,
      };
    }),
  };
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
  const began = clock.sinceEpoch() - clock.now();
  const aspect = <State>({ state, why, sinceMs }: Aspect<State>): AspectStatus<State> => (
    { state, why, since: new Date(began + sinceMs).toISOString() }
  );
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
