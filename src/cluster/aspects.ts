/** What is known of a backend: three aspects, each with its time and its reason, and what they come to. */

export type NeighborState = "unknown" | "reachable" | "failed";
export type HealthState = "unknown" | "up" | "down";
/** What people want of a backend. */
export type AdministrationState = "active" | "draining" | "down";

/** What the probes have found. */
export interface Health {
  readonly state: "up" | "down";
  /** One plain sentence, such as `its port 80 refuses`. */
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

/**
 * The three aspects in one word. `flapping`: it answers, but has gone down so often that it must first stay up for a while.
 * `unknown`: it has not been heard, or its probes have not come to an end; until then it counts as live.
 */
export type BackendState = "unknown" | "up" | "down" | "flapping" | "draining";

export interface Liveness extends Aspect<BackendState> {
  readonly neighbor: Aspect<NeighborState>;
  readonly health: Aspect<HealthState>;
  readonly administration: Aspect<AdministrationState>;
  /** 0 to 100, as it is now. */
  readonly weight: number;
  /** What it may have of its own buckets now, 0 to 1: less than 1 while it starts slowly. */
  readonly portion: number;
  /** It may get new clients. */
  readonly isLive: boolean;
  /** It still answers, so that the connections that it has may stay with it. */
  readonly keeps: boolean;
}

/** What people want of a backend, its weight aside: a weight of 0 drains, too, and a file can say that. */
export function wantedOf(
  { administration: { state }, weight }: Pick<Liveness, "administration" | "weight">,
): AdministrationState {
  return state === "draining" && weight === 0 ? "active" : state;
}
