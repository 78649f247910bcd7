/** Frames that wait for their next hop's MAC: some for each neighbor, and so many octets for all of them together. */

import type { Frame } from "./own_frames.ts";

/** Frames kept for one neighbor; when another comes the oldest goes. */
const KEPT = 64;
/** Octets kept for all neighbors; beyond them nothing more is kept. */
const KEPT_OCTETS = 8 * 2 ** 20;

/** A frame whose only lack is its destination MAC, as a worker has handed it up. */
export interface WaitingFrame {
  readonly worker: number;
  readonly frame: Frame;
}

export class WaitingFrames {
  readonly #byNeighbor = new Map<number, WaitingFrame[]>();
  #octets = 0;

  /** Keeps a frame. How many were dropped for it: the oldest one, or itself. */
  keep(neighbor: number, waiting: WaitingFrame): number {
    const { length } = waiting.frame;
    if (this.#octets + length > KEPT_OCTETS) return 1;
    const frames = this.#byNeighbor.get(neighbor) ?? [];
    this.#byNeighbor.set(neighbor, frames);
    this.#octets += length;
    if (frames.push(waiting) <= KEPT) return 0;
    this.#octets -= frames.shift()!.frame.length;
    return 1;
  }

  /** Takes all that wait for a neighbor, oldest first. */
  take(neighbor: number): readonly WaitingFrame[] {
    const frames = this.#byNeighbor.get(neighbor) ?? [];
    this.#byNeighbor.delete(neighbor);
    for (const { frame } of frames) this.#octets -= frame.length;
    return frames;
  }

  /** All of them as they wait, oldest first, with the neighbor of each. */
  list(): readonly (readonly [neighbor: number, waiting: WaitingFrame])[] {
    return [...this.#byNeighbor].flatMap(([neighbor, frames]) =>
      frames.map((waiting) => [neighbor, waiting] as const)
    );
  }
}
