/**
 * May this backend get traffic, and why (not)? The one place that answers, from three aspects, each with its time and its reason:
 *
 *     neighbor         does the machine at its primary address answer?    unknown, reachable, failed
 *     health           does what the probes ask for work?                 unknown, up, down
 *     administration   what do people want?                               active, draining, down
 *
 * and from what a cluster wants of them together: its start, its minimum, slow start, damping. Restart-neutral: what is unknown
 * counts as good.
 *
 * What is told is kept at once; `look` counts it, so that whoever computes maps sees all that has changed in one moment together.
 */

import type { BackendConfig, ClusterConfig } from "../config/config.ts";
import type { Clock } from "../system/clock.ts";
import type { AdministrationState, Health, Liveness, NeighborState } from "./aspects.ts";
import type { BackendLiveness, Turn } from "./backend_liveness.ts";
import { type Belief, ClusterLiveness, type ClusterRecord } from "./cluster_liveness.ts";
import type { Share } from "./cluster_map.ts";
import { agreedPortions, type Agreement, type DecidedWeight, type Finding } from "./quorum.ts";

export type * from "./aspects.ts";
export type { ClusterRecord };

/** A backend's state has become another one. */
export interface BackendTurn extends Turn {
  readonly cluster: string;
  readonly backend: string;
  readonly address: string;
}

/** Probes are not believed any more, or again. */
export interface ClusterBelief extends Belief {
  readonly cluster: string;
}

/** What has changed since it was last looked at. */
export interface Changed {
  readonly turns: readonly BackendTurn[];
  readonly beliefs: readonly ClusterBelief[];
}

export class LivenessBook {
  readonly #clock: Clock;
  /** By name. */
  readonly #clusters: ReadonlyMap<string, ClusterLiveness>;
  /** By primary address, which backends of several clusters may share. */
  readonly #backendsAt: ReadonlyMap<string, readonly BackendLiveness[]>;
  /** Undefined: this dispatcher has no fleet, or knows nothing of it yet. */
  #agreement: Agreement | undefined;
  /** By cluster and backend: what it may have by the fleet's word. */
  #agreed: ReadonlyMap<string, ReadonlyMap<string, number>> | undefined;

  /** `isProbed`: will `healthChanged` be called for this backend? */
  constructor(
    clusters: readonly ClusterConfig[],
    clock: Clock,
    isProbed: (cluster: ClusterConfig, backend: BackendConfig) => boolean = () => false,
  ) {
    this.#clock = clock;
    this.#clusters = new Map(clusters.map((cluster) => [
      cluster.name,
      new ClusterLiveness(cluster, (backend) => isProbed(cluster, backend), clock.now()),
    ]));
    const backends = [...this.#clusters.values()].flatMap(({ backends }) => [...backends.values()]);
    this.#backendsAt = Map.groupBy(backends, ({ address }) => address);
  }

  record(): ClusterRecord[] {
    return [...this.#clusters.values()].map((cluster) => cluster.record());
  }

  /** Takes over what is known by another configuration. */
  adopt(before: readonly ClusterRecord[]): void {
    const neighbors = new Map(
      before.flatMap(({ backends }) => backends).map(({ address, neighbor }) => [address, neighbor]),
    );
    for (const known of before) {
      this.#clusters.get(known.name)?.adopt(known, (address) => neighbors.get(address));
    }
  }

  /** The machine at this address answers, or is given up. */
  neighborChanged(address: string, state: NeighborState): void {
    for (const backend of this.#backendsAt.get(address) ?? []) {
      backend.neighborChanged(state, this.#clock.now());
    }
  }

  /** The probes of a backend have found this. A backend that is not there (any more) has no health. */
  healthChanged(cluster: string, backend: string, health: Health): void {
    this.#clusters.get(cluster)?.backends.get(backend)?.healthChanged(health, this.#clock.now());
  }

  /** People want this of a backend. */
  administer(cluster: string, backend: string, state: AdministrationState, why: string): void {
    this.#backend(cluster, backend).administer(state, why, this.#clock.now());
  }

  /** 0 to 100; 0 drains. */
  setWeight(cluster: string, backend: string, weight: number): void {
    this.#backend(cluster, backend).setWeight(weight, this.#clock.now());
  }

  /** The decision that gives a backend this weight, in a fleet. */
  decidedWeight(cluster: string, backend: string, now: number): DecidedWeight {
    return this.#backend(cluster, backend).decidedWeight(now);
  }

  /** From now on it goes by this. */
  agree(agreement: Agreement): void {
    this.#agreement = agreement;
    const { findings, decisions } = agreement;
    const keyOf = (cluster: string, backend: string) => `${cluster}/${backend}`;
    const decided = new Map(decisions.map((one) => [keyOf(one.cluster, one.backend), one]));
    for (const [cluster, { backends }] of this.#clusters) {
      for (const [name, backend] of backends) {
        backend.decide(decided.get(keyOf(cluster, name)), this.#clock.now());
      }
    }
    this.#agreed = findings === null ? undefined : new Map(
      [...this.#clusters].map(([name, { cluster }]) => {
        const portions = agreedPortions(cluster, findings);
        return [name, new Map(cluster.backends.map((backend, index) => [backend.name, portions[index]!]))];
      }),
    );
  }

  get agreement(): Agreement | undefined {
    return this.#agreement;
  }

  /** What this dispatcher finds by itself; nothing of clusters that start. */
  finding(): Finding {
    return Object.fromEntries(
      [...this.#clusters].flatMap(([name, cluster]) => {
        const finding = cluster.finding(this.#clock.now());
        return finding === undefined ? [] : [[name, finding]];
      }),
    );
  }

  /** Counts what has changed by now, and says it. */
  look(): Changed {
    const turns: BackendTurn[] = [];
    const beliefs: ClusterBelief[] = [];
    for (const [cluster, liveness] of this.#clusters) {
      const { turns: own, belief } = liveness.look(this.#clock.now());
      for (const [backend, turn] of own) {
        turns.push({ cluster, backend, address: liveness.backends.get(backend)!.address, ...turn });
      }
      if (belief !== undefined) beliefs.push({ cluster, ...belief });
    }
    return { turns, beliefs };
  }

  /** What each backend of a cluster may have of its buckets, by what was known when it was last looked at. */
  sharesOf(cluster: string): Share[] {
    const shares = this.#cluster(cluster).shares(this.#clock.now());
    if (this.#agreed === undefined) return shares;
    const names = [...this.#cluster(cluster).backends.keys()];
    return shares.map((share, index) => ({ ...share, portion: this.#agreedPortion(cluster, names[index]!) }));
  }

  /** Of a backend of a cluster, both of the configuration. */
  of(cluster: string, backend: string): Liveness {
    const own = this.#cluster(cluster).of(backend, this.#clock.now());
    if (this.#agreed === undefined) return own;
    const portion = this.#agreedPortion(cluster, backend);
    const isLive = portion > 0;
    // Its connections live where most of the fleet find it live; but nothing can be sent to a neighbor that does not answer.
    const keeps = own.keeps || (isLive && own.neighbor.state !== "failed");
    return { ...own, portion, isLive, keeps, why: withFleetsWord(own, isLive) };
  }

  /** Too few backends of this cluster are live for its probes to be believed. */
  isHealthIgnored(cluster: string): boolean {
    return this.#cluster(cluster).isHealthIgnored;
  }

  /** Of a cluster not enough is known yet to change its buckets. */
  get isStarting(): boolean {
    return [...this.#clusters.values()].some(({ isStarting }) => isStarting);
  }

  /** By the clock: when something changes by itself, so that it must be looked at; Infinity when nothing does. */
  get nextMs(): number {
    const nowMs = this.#clock.now();
    return [...this.#clusters.values()].reduce((least, one) => Math.min(least, one.nextMs(nowMs)), Infinity);
  }

  /** What people decide counts at once, whatever was found before. */
  #agreedPortion(cluster: string, backend: string): number {
    const { administration } = this.#backend(cluster, backend);
    return administration.state === "active" ? this.#agreed!.get(cluster)!.get(backend)! : 0;
  }

  #cluster(name: string): ClusterLiveness {
    return this.#clusters.get(name)!;
  }

  #backend(cluster: string, backend: string): BackendLiveness {
    return this.#cluster(cluster).backends.get(backend)!;
  }
}

/** Where the fleet's word is another one. */
function withFleetsWord({ why, isLive, administration }: Liveness, isLiveForFleet: boolean): string {
  if (isLive === isLiveForFleet || administration.state !== "active") return why;
  return isLiveForFleet
    ? `${why}; but it gets clients, because most dispatchers of the fleet find it live`
    : `${why}; but it gets no clients, because most dispatchers of the fleet do not find it live`;
}
