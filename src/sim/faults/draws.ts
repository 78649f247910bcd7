/** What a trial draws from its seed. */

import { ofWords } from "../../table/hash.ts";
import { SeededRandom } from "../seeded_random.ts";

export class Draws extends SeededRandom {
  /** `purpose`: so that what is drawn for one thing changes nothing of what is drawn for another. */
  static of(seed: number, purpose: number): Draws {
    return new Draws(ofWords(seed, purpose, 0));
  }

  /** Uniform in least..most. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** As often as one of so many. */
  oneOf(many: number): boolean {
    return this.below(many) === 0;
  }
}
