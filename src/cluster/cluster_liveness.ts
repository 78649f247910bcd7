/** The backends of a cluster together: its start, and the least number of live ones below which health counts no more. */

import type { BackendConfig, ClusterConfig } from "../config/config.ts";
import type { Aspect, Liveness, NeighborState } from "./aspects.ts";
import { BackendLiveness, type BackendRecord, type Turn } from "./backend_liveness.ts";
import type { Share } from "./cluster_map.ts";
import { findingKey } from "./quorum.ts";
import { nextStepMs, portionAt } from "./slow_start.ts";

/** A start changes no bucket before each backend's first verdict is in, or this time is over. */
export const START_MS = 5000;

/** Whether the cluster's probes are believed. */
export interface Belief {
  readonly isHealthIgnored: boolean;
  /** Backends that are fit for new clients, health included. */
  readonly live: number;
  readonly minimum: number;
}

/** All that is known of a cluster's backends, as plain data. */
export interface ClusterRecord {
  readonly name: string;
  readonly startMs: number;
  readonly isStarting: boolean;
  readonly isHealthIgnored: boolean;
  readonly backends: readonly BackendRecord[];
}

export class ClusterLiveness {
  readonly cluster: ClusterConfig;
  readonly backends: ReadonlyMap<string, BackendLiveness>;
  #startMs: number;
  #isStarting = true;
  #isHealthIgnored = false;

  constructor(cluster: ClusterConfig, isProbed: (backend: BackendConfig) => boolean, nowMs: number) {
    this.cluster = cluster;
    this.backends = new Map(
      cluster.backends.map((backend) => [
        backend.name,
        new BackendLiveness(backend, cluster, isProbed(backend), nowMs),
      ]),
    );
    this.#startMs = nowMs;
  }

  record(): ClusterRecord {
    return {
      name: this.cluster.name,
      startMs: this.#startMs,
      isStarting: this.#isStarting,
      isHealthIgnored: this.#isHealthIgnored,
      backends: [...this.backends.values()].map((backend) => backend.record()),
    };
  }

  /**
   * Takes over what is known of the same cluster by another configuration. `neighborAt`: what is known of an address. Where no
   * backend is the same, the cluster starts anew.
   */
  adopt(before: ClusterRecord, neighborAt: (address: string) => Aspect<NeighborState> | undefined): void {
    const known = new Map(before.backends.map((backend) => [backend.name, backend]));
    const same = (backend: BackendLiveness) => {
      const one = known.get(backend.name);
      return one?.address === backend.address ? one : undefined;
    };
    const backends = [...this.backends.values()];
    if (!backends.some((backend) => same(backend) !== undefined)) return;
    this.#startMs = before.startMs;
    this.#isStarting = before.isStarting;
    this.#isHealthIgnored = before.isHealthIgnored;
    for (const backend of backends) {
      const one = same(backend);
      if (one !== undefined) backend.adopt(one);
      else backend.join(neighborAt(backend.address));
    }
  }

  get isHealthIgnored(): boolean {
    return this.#isHealthIgnored;
  }

  /** When it was last looked at, not each backend had its first verdict, and there was time for it. */
  get isStarting(): boolean {
    return this.#isStarting;
  }

  /** Counts what has changed by now. */
  look(nowMs: number): { readonly turns: ReadonlyMap<string, Turn>; readonly belief: Belief | undefined } {
    const turns = new Map<string, Turn>();
    const backends = [...this.backends.values()];
    for (const backend of backends) {
      const turn = backend.look(nowMs, this.#isStarting);
      if (turn !== undefined) turns.set(backend.name, turn);
    }
    this.#isStarting &&= nowMs < this.#startMs + START_MS && !backends.every(({ isKnown }) => isKnown);
    const { minimum = 0 } = this.cluster;
    const live = backends.filter((backend) => backend.isFit(nowMs)).length;
    const isHealthIgnored = !this.#isStarting && live < minimum;
    const isNew = isHealthIgnored !== this.#isHealthIgnored;
    this.#isHealthIgnored = isHealthIgnored;
    return { turns, belief: isNew ? { isHealthIgnored, live, minimum } : undefined };
  }

  /** What each backend may have of the buckets now, in the order of the configuration. */
  shares(nowMs: number): Share[] {
    const backends = [...this.backends.values()];
    // Probes may be wrong, people are not: only when they want none at all, those that still serve are better than nobody.
    const wanted = backends.some(({ administration }) => administration.state === "active")
      ? "active"
      : "draining";
    return backends.map((backend) => ({
      weight: backend.shareWeight,
      portion: this.#portion(backend, nowMs),
      isLastResort: backend.administration.state === wanted,
    }));
  }

  /** What each backend may have of its buckets, by what is found here; undefined while the cluster starts. */
  finding(nowMs: number): Readonly<Record<string, number>> | undefined {
    if (this.#isStarting) return undefined;
    return Object.fromEntries(
      [...this.backends.values()].map((backend) => [findingKey(backend), this.#portion(backend, nowMs)]),
    );
  }

  of(name: string, nowMs: number): Liveness {
    const backend = this.backends.get(name)!;
    const { neighbor, health, administration, weight, summary } = backend;
    const portion = this.#portion(backend, nowMs);
    return {
      ...summary,
      neighbor,
      health,
      administration,
      weight,
      portion,
      isLive: portion > 0,
      keeps: neighbor.state !== "failed" && administration.state !== "down" &&
        (health.state !== "down" || this.#isHealthIgnored),
    };
  }

  /** When something changes by itself; Infinity when nothing does. */
  nextMs(nowMs: number): number {
    return [...this.backends.values()].reduce(
      (least, backend) => Math.min(least, backend.nextMs(nowMs), this.#nextStepMs(backend, nowMs)),
      this.#isStarting ? this.#startMs + START_MS : Infinity,
    );
  }

  #nextStepMs(backend: BackendLiveness, nowMs: number): number {
    return backend.isFit(nowMs) ? nextStepMs(nowMs, backend.returnedMs, this.cluster.slowStartMs) : Infinity;
  }

  #portion(backend: BackendLiveness, nowMs: number): number {
    if (this.#isStarting) return backend.administration.state === "active" ? 1 : 0;
    if (this.#isHealthIgnored) return backend.isFitButForHealth ? 1 : 0;
    return backend.isFit(nowMs) ? portionAt(nowMs, backend.returnedMs, this.cluster.slowStartMs) : 0;
  }
}
