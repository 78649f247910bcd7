/**
 * Is etcd behind? It is when it has a lower revision than one that was seen, or an older configuration than the one in use: it was perhaps
 * restored from a copy. That ends when it has caught up, or when somebody pushes a configuration.
 */

import type { SharedText, Snapshot } from "./snapshot.ts";

export class Lag {
  /** How often it was found behind. */
  times = 0;
  /** The highest revision of etcd. */
  #seen = 0;
  /** Of the configuration when etcd was first found behind. */
  #behindBy: number | undefined;

  get isBehind(): boolean {
    return this.#behindBy !== undefined;
  }

  /** `adopted`: the configuration in use. Why it is behind, when it has just fallen behind. */
  look({ revision, configuration }: Snapshot, adopted: SharedText | undefined): string | undefined {
    const found = configuration?.revision ?? 0;
    const isOlder = found < (adopted?.revision ?? 0) && configuration?.text !== adopted?.text;
    const isPushed = this.#behindBy !== undefined && found > 0 && found !== this.#behindBy;
    if (isPushed || (revision >= this.#seen && !isOlder)) {
      // Whoever has pushed since has decided.
      this.#behindBy = undefined;
      this.#seen = revision;
      return undefined;
    }
    if (this.#behindBy !== undefined) return undefined;
    this.#behindBy = found;
    this.times++;
    return isOlder
      ? `its configuration is of revision ${found}, and revision ${adopted!.revision} was there before`
      : `it is at revision ${revision}, and ${this.#seen} was seen before`;
  }
}
