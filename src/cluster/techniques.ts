/** Who chooses the backend, cluster by cluster; it can be changed while the dispatcher runs. */

import { NoneSuchError, UsageError } from "../input/errors.ts";
import { type ClusterConfig, mayBroadcast } from "../config/config.ts";

export type Technique = ClusterConfig["technique"];

/** As `oneip technique` prints it. */
export interface TechniqueOf {
  readonly cluster: string;
  readonly technique: Technique;
}

/** What a cluster's technique is, and what it was configured to be. */
export interface TechniqueRecord extends TechniqueOf {
  readonly configured: Technique;
}

export class Techniques {
  readonly #clusters: readonly ClusterConfig[];
  readonly #now: Map<string, Technique>;

  /** As configured. */
  constructor(clusters: readonly ClusterConfig[]) {
    this.#clusters = clusters;
    this.#now = new Map(clusters.map(({ name, technique }) => [name, technique]));
  }

  record(): TechniqueRecord[] {
    return this.#clusters.map(({ name, technique }) => (
      { cluster: name, technique: this.#now.get(name)!, configured: technique }
    ));
  }

  /** Takes over what was set by command, where the configured technique is the same and the backends still have their filters. */
  adopt(before: readonly TechniqueRecord[]): void {
    for (const cluster of this.#clusters) {
      const same = before.find((one) => one.cluster === cluster.name);
      if (same?.configured !== cluster.technique) continue;
      if (same.technique === "route" || mayBroadcast(cluster)) this.#now.set(cluster.name, same.technique);
    }
  }

  isBroadcast(cluster: ClusterConfig): boolean {
    return this.#now.get(cluster.name) === "broadcast";
  }

  list(): TechniqueOf[] {
    return [...this.#now].map(([cluster, technique]) => ({ cluster, technique }));
  }

  /** Can a cluster, which there is, have it? */
  may(technique: Technique, name: string): boolean {
    return technique === "route" ||
      this.#clusters.some((cluster) => cluster.name === name && mayBroadcast(cluster));
  }

  /** Of one cluster, or of all. Throws UsageError when there is no such cluster, or its backends have no filter. */
  set(technique: Technique, cluster?: string): void {
    const chosen = this.#clusters.filter(({ name }) => cluster === undefined || name === cluster);
    if (chosen.length === 0) {
      throw new NoneSuchError(`There is no cluster "${cluster}"; use ${[...this.#now.keys()].join(", ")}`);
    }
    const unready = chosen.find((one) => !mayBroadcast(one));
    if (technique === "broadcast" && unready !== undefined) {
      throw new UsageError(
        `Cluster "${unready.name}" is not ready for broadcast: give it "fallback: broadcast" in the configuration and run ` +
          '"oneip filter agent" on each backend, because without its filter each one answers every client',
      );
    }
    for (const { name } of chosen) this.#now.set(name, technique);
  }
}
