/** Frames that wait for their next hop's MAC: some for each neighbor, and so many octets for all of them together. */

import type { Mac } from "../wire/address.ts";

/** Frames kept for one neighbor; when another comes the oldest goes. */
const KEPT = 64;
/** Octets kept for all neighbors; beyond them nothing more is kept. */
const KEPT_OCTETS = 8 * 2 ** 20;

/** A frame whose only lack is its destination MAC. */
export interface WaitingFrame {
  readonly octets: number;
  readonly send: (mac: Mac) => void;
}

export class WaitingFrames {
  readonly #byNeighbor = new Map<number, WaitingFrame[]>();
  #octets = 0;

  /** Keeps a frame. How many were dropped for it: the oldest one, or itself. */
  keep(neighbor: number, frame: WaitingFrame): number {
    if (this.#octets + frame.octets > KEPT_OCTETS) return 1;
    const frames = this.#byNeighbor.get(neighbor) ?? [];
    this.#byNeighbor.set(neighbor, frames);
    this.#octets += frame.octets;
    if (frames.push(frame) <= KEPT) return 0;
    this.#octets -= frames.shift()!.octets;
    return 1;
  }

  /** Takes all that wait for a neighbor, oldest first. */
  take(neighbor: number): readonly WaitingFrame[] {
    const frames = this.#byNeighbor.get(neighbor) ?? [];
    this.#byNeighbor.delete(neighbor);
    for (const { octets } of frames) this.#octets -= octets;
    return frames;
  }
}
