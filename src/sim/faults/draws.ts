/** Random numbers that come again with the same seed: mulberry32. */

export class Draws {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** Numbers of their own for one purpose, so that what is drawn for another one changes nothing here. */
  static of(seed: number, purpose: number): Draws {
    const mixed = new Draws(Math.imul(seed, 0x9e3779b1) ^ Math.imul(purpose, 0x85ebca6b));
    return new Draws(mixed.below(2 ** 32));
  }

  /** Uniform in 0..below-1. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  }

  /** Uniform in least..most. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** As often as one of so many. */
  oneOf(many: number): boolean {
    return this.below(many) === 0;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}
