/** Random numbers that come again with the same seed: mulberry32. */

import type { Random } from "../system/random.ts";

export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  share(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Uniform in 0..below-1. */
  below(below: number): number {
    return Math.floor(this.share() * below);
  }

  int32(): number {
    return (this.below(0x10000) << 16) | this.below(0x10000);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  octets(count: number): number[] {
    const octets: number[] = [];
    while (octets.length < count) octets.push(this.below(256));
    return octets;
  }
}
