/** What must hold of the dispatchers: with the same observations they have the same map, of a pair one is active, and none ends by itself. */

import type { Engine } from "../../engine/engine.ts";
import type { ClusterStatus, Status } from "../../engine/status.ts";
import type { LogRecord } from "../world.ts";
import type { Calm } from "./calm.ts";
import type { Excuses } from "./excuses.ts";
import type { Report } from "./finding.ts";

/** Those that run, by name. */
export type Engines = () => ReadonlyMap<string, Engine>;

/** As pino has it. */
const FATAL = 60;

/** What was observed of a cluster must have been the same for so many looks: its map follows a moment later. */
const SAME_LOOKS = 3;

interface Seen {
  observed: string;
  looks: number;
  /** How often in a row its map was another one than it should be. */
  others: number;
}

export class Dispatchers {
  readonly #engines: Engines;
  readonly #goesBy: (name: string) => string | undefined;
  /** Of a fleet, by dispatcher: what it has gone by for so many looks. */
  readonly #read = new Map<string, { readonly goesBy: string | undefined; readonly looks: number }>();
  readonly #calm: Calm;
  readonly #excuses: Excuses;
  readonly #nowUs: () => number;
  readonly #report: Report;
  /** By dispatcher and cluster. */
  readonly #seen = new Map<string, Seen>();
  /** By what was observed: who had which map first. */
  readonly #maps = new Map<string, { readonly owners: string; readonly whose: string }>();

  /** `goesBy`: what one has read of its fleet. */
  constructor(
    engines: Engines,
    goesBy: (name: string) => string | undefined,
    calm: Calm,
    excuses: Excuses,
    nowUs: () => number,
    report: Report,
  ) {
    this.#engines = engines;
    this.#goesBy = goesBy;
    this.#calm = calm;
    this.#excuses = excuses;
    this.#nowUs = nowUs;
    this.#report = report;
  }

  logged({ level, node, msg, event, atUs, ...record }: LogRecord): void {
    if (event === "backend.down" && record["by"] !== "administration") {
      const backend = String(record["backend"]);
      if (!this.#excuses.mayFall(backend, node, atUs)) {
        this.#report("no false death", `${node} has found ${backend} dead: ${record["reason"]}`);
      }
    }
    if (level >= FATAL) {
      this.#report("no end", `${node} has ended by itself: ${record["reason"] ?? msg}`);
    }
  }

  look(): void {
    const all: Status[] = [];
    for (const [name, engine] of this.#engines()) {
      const status = engine.status();
      all.push(status);
      for (const cluster of status.clusters) this.#lookAt(name, engine, cluster);
    }
    this.#lookAtFleet();
    const nowUs = this.#nowUs();
    if (!this.#calm.isQuiet(nowUs)) return;
    for (const status of all) this.#lookAtBackends(status);
    this.#lookAtPair(all);
  }

  #lookAt(name: string, engine: Engine, cluster: ClusterStatus): void {
    const observed = observedOf(cluster);
    const key = `${name} ${cluster.name}`;
    const seen = this.#seen.get(key);
    if (seen?.observed !== observed) {
      this.#seen.set(key, { observed, looks: 1, others: 0 });
      return;
    }
    if (++seen.looks < SAME_LOOKS || cluster.backends.some(({ weight }) => weight === 0)) return;
    const owners = engine.buckets(cluster.name).owners.join();
    const first = this.#maps.get(observed);
    if (first === undefined) this.#maps.set(observed, { owners, whose: name });
    else if (first.owners === owners) seen.others = 0;
    // Who has just taken over from another one has its map for a moment.
    else if (++seen.others > 1) {
      this.#report(
        "agreement",
        `${name} has another map of ${cluster.name} than ${first.whose} had by ${observed}`,
      );
    }
  }

  /** Whoever has read the same of what all have found and people want has the same map. */
  #lookAtFleet(): void {
    const maps = new Map<string, { readonly owners: string; readonly whose: string }>();
    for (const [name, engine] of this.#engines()) {
      const goesBy = this.#goesBy(name);
      const before = this.#read.get(name);
      const looks = goesBy === before?.goesBy ? before?.looks ?? 0 : 0;
      this.#read.set(name, { goesBy, looks: looks + 1 });
      if (goesBy === undefined || looks === 0) continue;
      const owners = engine.status().clusters.map((one) => engine.buckets(one.name).owners.join()).join("; ");
      const other = maps.get(goesBy);
      if (other === undefined) maps.set(goesBy, { owners, whose: name });
      else if (other.owners !== owners) {
        this.#report("agreement", `${name} and ${other.whose} have read the same, and have different maps`);
      }
    }
  }

  #lookAtBackends({ clusters }: Status): void {
    for (
      const { cluster, name, live, state, why, administration } of clusters.flatMap(({ backends }) =>
        backends
      )
    ) {
      if (!live && administration.state === "active") {
        this.#report("all return", `${name} of ${cluster} is ${state} (${why})`);
      }
    }
  }

  #lookAtPair(all: readonly Status[]): void {
    for (const { family } of all[0]!.pair?.families ?? []) {
      const active = all.filter(({ pair }) =>
        pair?.families.some((one) => one.family === family && one.state === "active")
      );
      if (active.length !== 1) {
        this.#report("one active", `${active.length} of ${all.length} are active in ${family}`);
      }
    }
  }
}

/** All that a map follows from. Of a weight of 0 it is not known which one it was before. */
function observedOf({ name, backends }: ClusterStatus): string {
  const each = backends.map(({ name, weight, portion, administration: { state } }) =>
    `${name} ${weight} ${portion}${portion > 0 ? "" : ` ${state}`}`
  );
  return `${name}: ${each.join(", ")}`;
}
