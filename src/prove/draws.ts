/** Numbers that are drawn for a sample. The same seed draws the same ones. */

import { ofWords } from "../table/hash.ts";

export class Draws {
  readonly #seed: number;
  #count = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Uniform in 0..below-1, to within what 32 bits can tell. */
  below(below: number): number {
    return Math.floor((ofWords(this.#count++, 0, this.#seed) >>> 0) / 2 ** 32 * below);
  }

  /** So many of 0..below-1, each once. */
  some(count: number, below: number): number[] {
    const all = [...Array(below).keys()];
    for (let index = 0; index < count; index++) {
      const other = index + this.below(below - index);
      [all[index], all[other]] = [all[other]!, all[index]!];
    }
    return all.slice(0, count);
  }
}
