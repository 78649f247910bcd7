/** Frames and their octets, each counted by a number: of a neighbor, or of a cluster. One thread counts and others read. */

import { Counters } from "./counters.ts";

export class Traffic {
  readonly #frames: Counters;
  readonly #octets: Counters;

  static byteLength(count: number): number {
    return Counters.byteLength(2 * count);
  }

  /** `at` is a multiple of four. */
  constructor(memory: ArrayBufferLike, at: number, count: number) {
    this.#frames = new Counters(memory, at, count);
    this.#octets = new Counters(memory, at + Counters.byteLength(count), count);
  }

  /** One frame more. */
  add(index: number, octets: number): void {
    this.#frames.add(index);
    this.#octets.add(index, octets);
  }

  frames(index: number): number {
    return this.#frames.get(index);
  }

  octets(index: number): number {
    return this.#octets.get(index);
  }
}
