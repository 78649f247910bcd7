/**
 * May this backend get traffic, and why (not)? The one place that answers. Today one thing decides: whether the backend's
 * neighbor, the machine at its primary address, answers. Restart-neutral: who has not been heard yet counts as live.
 */

import type { Clock } from "../system/clock.ts";

/** What is known of the machine at an address. */
export type NeighborState = "unknown" | "reachable" | "failed";

export interface Liveness {
  readonly isLive: boolean;
  /** One plain sentence. */
  readonly why: string;
  /** By the clock: when this began. */
  readonly sinceMs: number;
}

const WHY: Readonly<Record<NeighborState, string>> = {
  unknown: "it has not answered yet, and has not been given up",
  reachable: "it answers for its address",
  failed: "it does not answer for its address",
};

interface Known {
  readonly neighbor: NeighborState;
  readonly sinceMs: number;
}

export class LivenessBook {
  readonly #clock: Clock;
  readonly #startMs: number;
  /** By primary address. */
  readonly #known = new Map<string, Known>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startMs = clock.now();
  }

  /** The machine at this address answers, or is given up. */
  neighborChanged(address: string, neighbor: NeighborState): void {
    if (this.#known.get(address)?.neighbor === neighbor) return;
    this.#known.set(address, { neighbor, sinceMs: this.#clock.now() });
  }

  /** Of the backend with this primary address. */
  of(address: string): Liveness {
    const { neighbor, sinceMs } = this.#known.get(address) ?? { neighbor: "unknown", sinceMs: this.#startMs };
    return { isLive: neighbor !== "failed", why: WHY[neighbor], sinceMs };
  }
}
