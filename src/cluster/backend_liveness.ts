/** One backend of a cluster: its three aspects, its weight, and what they come to as time goes by. */

import type { BackendConfig, ClusterConfig } from "../config/config.ts";
import type {
  AdministrationState,
  Aspect,
  BackendState,
  Health,
  HealthState,
  NeighborState,
} from "./aspects.ts";
import { WEIGHT_OF_NOTHING } from "./cluster_map.ts";
import { Damping, type DampingRecord } from "./damping.ts";
import type { DecidedWeight, Decision } from "./quorum.ts";

const NEIGHBOR: Readonly<Record<NeighborState, string>> = {
  unknown: "it has not answered yet, and has not been given up",
  reachable: "it answers for its address",
  failed: "it does not answer for its address",
};

/** The aspect that a state comes from; `flaps`: from how often it has gone down. */
export type Source = "neighbor" | "health" | "administration" | "flaps";

/** A backend's state has become another one. */
export interface Turn {
  readonly state: BackendState;
  readonly by: Source;
  readonly why: string;
  readonly was: BackendState;
  /** How long it was so. */
  readonly wasForMs: number;
}

/** All that is known of a backend, as plain data. */
export interface BackendRecord {
  readonly name: string;
  readonly address: string;
  readonly isProbed: boolean;
  readonly neighbor: Aspect<NeighborState>;
  readonly health: Aspect<HealthState>;
  readonly wanted: Aspect<AdministrationState>;
  readonly summary: Aspect<BackendState>;
  readonly configuredWeight: number;
  readonly weight: number;
  readonly shareWeight: number;
  readonly weightSinceMs: number;
  readonly returnedMs: number;
  readonly damping: DampingRecord;
  readonly isJoining: boolean;
  readonly answered: boolean;
  readonly wasFit: boolean;
}

export class BackendLiveness {
  readonly name: string;
  readonly address: string;
  /** It is probed, so that its health will be known. */
  readonly isProbed: boolean;
  neighbor: Aspect<NeighborState>;
  health: Aspect<HealthState>;
  /** 0 to 100. */
  weight: number;
  /** The last weight that was not 0: by it the base map is made. */
  shareWeight: number;
  /** What it came to when it was last looked at. */
  summary: Aspect<BackendState>;
  /** When it became fit for new clients; -Infinity when it has always been. */
  returnedMs = -Infinity;
  #wanted: Aspect<AdministrationState>;
  #weightSinceMs: number;
  readonly #configured: number;
  /** So often it may go down within a minute. */
  readonly #flaps: number;
  readonly #damping = new Damping();
  /** It was added to a running cluster, and must first have its verdict. */
  #isJoining = false;
  #answered = true;
  #wasFit = true;

  constructor(
    { name, address, weight }: BackendConfig,
    { flaps }: ClusterConfig,
    isProbed: boolean,
    nowMs: number,
  ) {
    this.name = name;
    this.address = address;
    this.weight = weight;
    this.#configured = weight;
    this.#flaps = flaps;
    this.shareWeight = weight || WEIGHT_OF_NOTHING;
    this.isProbed = isProbed;
    this.neighbor = { state: "unknown", why: NEIGHBOR.unknown, sinceMs: nowMs };
    const why = isProbed ? "its probes have not come to an end yet" : "it is not probed";
    this.health = { state: "unknown", why, sinceMs: nowMs };
    this.#wanted = { state: "active", why: "as configured", sinceMs: nowMs };
    this.#weightSinceMs = nowMs;
    const { state, why: summary } = this.#summarize(nowMs);
    this.summary = { state, why: summary, sinceMs: nowMs };
    this.#wasFit = this.isFit(nowMs);
  }

  record(): BackendRecord {
    const { name, address, isProbed, neighbor, health, summary, weight, shareWeight, returnedMs } = this;
    return {
      name,
      address,
      isProbed,
      neighbor,
      health,
      wanted: this.#wanted,
      summary,
      configuredWeight: this.#configured,
      weight,
      shareWeight,
      weightSinceMs: this.#weightSinceMs,
      returnedMs,
      damping: this.#damping.record(),
      isJoining: this.#isJoining,
      answered: this.#answered,
      wasFit: this.#wasFit,
    };
  }

  /** Takes over what is known of the same backend by another configuration; a weight by command only where the file's is the same. */
  adopt(before: BackendRecord): void {
    this.neighbor = before.neighbor;
    if (this.isProbed === before.isProbed) this.health = before.health;
    if (before.configuredWeight === this.#configured) {
      this.weight = before.weight;
      this.shareWeight = before.shareWeight;
      this.#weightSinceMs = before.weightSinceMs;
    }
    this.summary = before.summary;
    this.returnedMs = before.returnedMs;
    this.#wanted = before.wanted;
    this.#damping.adopt(before.damping);
    this.#isJoining = before.isJoining;
    this.#answered = before.answered;
    this.#wasFit = before.wasFit;
  }

  /** It is new in a cluster that runs: it gets clients when it has its first verdict. */
  join(neighbor: Aspect<NeighborState> | undefined): void {
    this.neighbor = neighbor ?? this.neighbor;
    this.#isJoining = true;
    this.#wasFit = false;
  }

  neighborChanged(state: NeighborState, nowMs: number): void {
    if (this.neighbor.state !== state) this.neighbor = { state, why: NEIGHBOR[state], sinceMs: nowMs };
  }

  healthChanged({ state, reason }: Health, nowMs: number): void {
    const sinceMs = this.health.state === state ? this.health.sinceMs : nowMs;
    this.health = { state, why: reason, sinceMs };
  }

  administer(state: AdministrationState, why: string, nowMs: number): void {
    if (this.#wanted.state !== state) this.#wanted = { state, why, sinceMs: nowMs };
  }

  setWeight(weight: number, nowMs: number): void {
    if ((this.weight === 0) !== (weight === 0)) this.#weightSinceMs = nowMs;
    this.weight = weight;
    this.shareWeight = weight || this.shareWeight;
  }

  /** What it is to be for all dispatchers of a fleet; undefined: as configured. */
  decide(decision: Pick<Decision, "state" | "weight"> | undefined, nowMs: number): void {
    this.administer(decision?.state ?? "active", "by command", nowMs);
    const weight = decision?.weight?.configured === this.#configured ? decision.weight : null;
    this.setWeight(weight?.now ?? this.#configured, nowMs);
    this.shareWeight = weight?.base ?? (this.#configured || WEIGHT_OF_NOTHING);
  }

  /** The decision that gives it this weight. */
  decidedWeight(now: number): DecidedWeight {
    return { now, base: now || this.shareWeight, configured: this.#configured };
  }

  /** What people want; a weight of 0 says so, too. */
  get administration(): Aspect<AdministrationState> {
    if (this.#wanted.state !== "active" || this.weight > 0) return this.#wanted;
    return { state: "draining", why: "its weight is 0", sinceMs: this.#weightSinceMs };
  }

  /** A first verdict is in. */
  get isKnown(): boolean {
    if (!this.#answers) return true;
    return this.neighbor.state === "reachable" && (!this.isProbed || this.health.state === "up");
  }

  /** It may get new clients as far as people and its neighbor are concerned. */
  get isFitButForHealth(): boolean {
    const isThere = this.#isJoining ? this.neighbor.state === "reachable" : this.neighbor.state !== "failed";
    return isThere && this.administration.state === "active";
  }

  isFit(nowMs: number): boolean {
    return this.isFitButForHealth && this.health.state !== "down" && !this.#damping.isHeld(nowMs) &&
      (!this.#isJoining || this.isKnown);
  }

  /** Counts what has changed by now. `isStarting`: whoever comes while the cluster starts does not return. */
  look(nowMs: number, isStarting: boolean): Turn | undefined {
    if (this.#answers !== this.#answered) {
      this.#answered = this.#answers;
      if (this.#answered) this.#damping.cameBack(nowMs);
      else this.#damping.wentDown(nowMs, this.#flaps);
    }
    if (this.isKnown) this.#isJoining = false;
    const isFit = this.isFit(nowMs);
    if (isFit && !this.#wasFit && !isStarting) this.returnedMs = nowMs;
    this.#wasFit = isFit;
    const was = this.summary;
    const { state, by, why } = this.#summarize(nowMs);
    this.summary = { state, why, sinceMs: state === was.state ? was.sinceMs : nowMs };
    return state === was.state
      ? undefined
      : { state, by, why, was: was.state, wasForMs: nowMs - was.sinceMs };
  }

  /** When it changes by itself; Infinity when it does not. */
  nextMs(nowMs: number): number {
    return this.#damping.nextMs(nowMs);
  }

  get #answers(): boolean {
    return this.neighbor.state !== "failed" && this.health.state !== "down";
  }

  #summarize(nowMs: number): { readonly state: BackendState; readonly by: Source; readonly why: string } {
    const { neighbor, health, administration } = this;
    if (administration.state !== "active") {
      return { state: administration.state, by: "administration", why: administration.why };
    }
    if (this.#damping.isHeld(nowMs)) {
      const why =
        `it went down more than ${this.#flaps} times within a minute, and must stay up for a minute first`;
      return { state: "flapping", by: "flaps", why };
    }
    if (neighbor.state === "failed") return { state: "down", by: "neighbor", why: neighbor.why };
    if (health.state === "down") return { state: "down", by: "health", why: health.why };
    const state = this.isKnown ? "up" : "unknown";
    return neighbor.state === "reachable" && this.isProbed
      ? { state, by: "health", why: health.why }
      : { state, by: "neighbor", why: neighbor.why };
  }
}
