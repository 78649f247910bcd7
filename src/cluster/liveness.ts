/**
 * May this backend get traffic, and why (not)? The one place that answers, from three aspects, each with its time and its reason:
 *
 *     neighbor         does the machine at its primary address answer?    unknown, reachable, failed
 *     health           does what the probes ask for work?                 unknown, up, down
 *     administration   what do people want?                               active, draining, down
 *
 * Restart-neutral: what is unknown counts as good.
 */

import type { ClusterConfig } from "../config/config.ts";
import type { Clock } from "../system/clock.ts";

export type NeighborState = "unknown" | "reachable" | "failed";
export type HealthState = "unknown" | "up" | "down";
export type AdministrationState = "active" | "draining" | "down";

/** What the probes have found. */
export interface Health {
  readonly state: "up" | "down";
  /** One plain sentence without its subject, such as `its port 80 refuses`. */
  readonly reason: string;
}

/** One side of a backend's state. */
export interface Aspect<State> {
  readonly state: State;
  /** One plain sentence. */
  readonly why: string;
  /** By the clock: when this began. */
  readonly sinceMs: number;
}

export interface Liveness {
  readonly neighbor: Aspect<NeighborState>;
  readonly health: Aspect<HealthState>;
  readonly administration: Aspect<AdministrationState>;
  /** It may get new clients. */
  readonly isLive: boolean;
  /** It still answers, so that the connections that it has may stay with it. */
  readonly keeps: boolean;
}

const NEIGHBOR: Readonly<Record<NeighborState, string>> = {
  unknown: "it has not answered yet, and has not been given up",
  reachable: "it answers for its address",
  failed: "it does not answer for its address",
};

/** What is known of a backend by itself. */
interface Entry {
  readonly address: string;
  health: Aspect<HealthState>;
  administration: Aspect<AdministrationState>;
}

export class LivenessBook {
  readonly #clock: Clock;
  readonly #startMs: number;
  /** By primary address, which backends of several clusters may share. */
  readonly #neighbors = new Map<string, Aspect<NeighborState>>();
  /** By name of the cluster, then of the backend. */
  readonly #entries: ReadonlyMap<string, ReadonlyMap<string, Entry>>;

  constructor(clusters: readonly ClusterConfig[], clock: Clock) {
    this.#clock = clock;
    this.#startMs = clock.now();
    this.#entries = new Map(clusters.map(({ name, backends }) => [
      name,
      new Map(backends.map(({ name, address }) => [name, this.#entryOf(address)])),
    ]));
  }

  /** The machine at this address answers, or is given up. */
  neighborChanged(address: string, state: NeighborState): void {
    if (this.#neighbors.get(address)?.state === state) return;
    this.#neighbors.set(address, { state, why: NEIGHBOR[state], sinceMs: this.#clock.now() });
  }

  /** The probes of a backend have found this. A backend that is not there (any more) has no health. */
  healthChanged(cluster: string, backend: string, { state, reason }: Health): void {
    const entry = this.#entries.get(cluster)?.get(backend);
    if (entry === undefined) return;
    const sinceMs = entry.health.state === state ? entry.health.sinceMs : this.#clock.now();
    entry.health = { state, why: reason, sinceMs };
  }

  /** People want this of a backend. */
  administer(cluster: string, backend: string, state: AdministrationState, why: string): void {
    const entry = this.#entries.get(cluster)?.get(backend);
    if (entry === undefined || entry.administration.state === state) return;
    entry.administration = { state, why, sinceMs: this.#clock.now() };
  }

  /** Of a backend of a cluster, both of the configuration. */
  of(cluster: string, backend: string): Liveness {
    const { address, health, administration } = this.#entries.get(cluster)!.get(backend)!;
    const neighbor = this.#neighbors.get(address) ??
      { state: "unknown", why: NEIGHBOR.unknown, sinceMs: this.#startMs };
    const answers = neighbor.state !== "failed" && health.state !== "down";
    return {
      neighbor,
      health,
      administration,
      isLive: answers && administration.state === "active",
      keeps: answers && administration.state !== "down",
    };
  }

  #entryOf(address: string): Entry {
    const sinceMs = this.#startMs;
    return {
      address,
      health: { state: "unknown", why: "nothing has been found out yet", sinceMs },
      administration: { state: "active", why: "as configured", sinceMs },
    };
  }
}
