/** What is checked under one live set, and between two of them. */

import type { ClusterConfig, Config } from "../config/config.ts";
import { clientIn, Commands, type CounterExample, namesOf } from "./counter_example.ts";
import { DispatcherOwners, type Down, FilterOwners, NOBODY } from "./owners.ts";
import { type Bound, boundsOf, ownersUnder } from "./promises.ts";
import { type Claim, newTallies, type Tally } from "./tally.ts";

/** The share that came nearest to its bound. */
export interface Nearest {
  readonly backend: string;
  readonly down: readonly string[];
  readonly buckets: number;
  readonly exact: number;
  readonly most: number;
}

/** Owners of buckets by index: as the dispatcher gives them, or as they were kept. */
export type Owners = Uint16Array | Uint8Array;

export class LiveSetChecks {
  readonly cluster: ClusterConfig;
  readonly tallies: Readonly<Record<Claim, Tally>> = newTallies();
  readonly commands: Commands;
  nearest: Nearest | undefined;
  /** The largest part of all buckets that moved when one backend went down and all others were live; undefined before any has. */
  mostMoved: number | undefined;
  readonly #dispatcher: DispatcherOwners;
  readonly #filters: FilterOwners;

  constructor(config: Config, cluster: ClusterConfig, file: string) {
    this.cluster = cluster;
    this.commands = new Commands(file, cluster);
    this.#dispatcher = new DispatcherOwners(config, cluster);
    this.#filters = new FilterOwners(cluster);
  }

  /** Goes to a live set, asks for its owners, and nothing else. */
  go(down: Down): Uint16Array {
    return this.#dispatcher.under(down);
  }

  /** Goes to a live set, and checks the owner of each bucket, and the shares. */
  arrive(down: Down): Uint16Array {
    const owners = this.go(down);
    const expected = ownersUnder(this.cluster, down);
    this.#checkOwners(down, owners, expected);
    this.#checkShares(down, sharesOf(owners, this.cluster), expected);
    return owners;
  }

  /** Each bucket stands in the intervals of one filter, which is its owner's. */
  checkFilters(down: Down, owners: Owners): void {
    const { backends, buckets } = this.cluster;
    const tally = this.tallies.filters;
    const holders = new Uint16Array(buckets).fill(NOBODY);
    const fail = (bucket: number, found: string, ...some: readonly number[]) =>
      tally.fail(() => this.example(down, bucket, found, some));
    for (const [index, set] of this.#filters.under(down).entries()) {
      for (const [first, last] of set.intervals()) {
        if (first < 0 || last >= buckets || first > last) {
          fail(0, `the filter of ${backends[index]!.name} has the interval ${first}-${last}`, index);
          continue;
        }
        for (let bucket = first; bucket <= last; bucket++) {
          const other = holders[bucket]!;
          if (other !== NOBODY) {
            fail(bucket, `${this.#name(other)} and ${this.#name(index)} both accept it`, other, index);
          }
          holders[bucket] = index;
        }
      }
    }
    tally.ask(buckets);
    for (let bucket = 0; bucket < buckets; bucket++) {
      const [owner, holder] = [owners[bucket]!, holders[bucket]!];
      if (owner === holder) continue;
      const by = holder === NOBODY
        ? "no filter accepts it"
        : `the filter of ${this.#name(holder)} accepts it`;
      const some = [owner, holder].filter((index) => index < backends.length);
      fail(bucket, `${by}, and the dispatcher gives it to ${this.#name(owner)}`, ...some);
    }
  }

  /** `larger` and `smaller` differ by one backend, `gone`, which is down in the smaller one: there all of `down` are. */
  checkMoves(down: Down, larger: Owners, smaller: Owners, gone: number): void {
    const tally = this.tallies.moves;
    tally.ask(1);
    let moved = 0;
    let foreign = -1;
    for (let bucket = 0; bucket < larger.length; bucket++) {
      if (larger[bucket] === smaller[bucket]) continue;
      moved++;
      if (larger[bucket] !== gone) foreign = bucket;
    }
    if (down.size === 1) this.mostMoved = Math.max(this.mostMoved ?? 0, moved / larger.length);
    // It numbers the live backends anew, and promises nothing.
    if (foreign === -1 || this.cluster.algorithm === "modulo") return;
    const both = new Set([...down].filter((index) => index !== gone));
    tally.fail(() => {
      const [from, to] = [this.#name(larger[foreign]!), this.#name(smaller[foreign]!)];
      const found = `it moves from ${from} to ${to} when ${this.#name(gone)} goes down`;
      return this.example(down, foreign, found, [], [both]);
    });
  }

  /** The map of a live set that was there before. */
  checkReturn(down: Down, before: Owners, now: Owners): void {
    const tally = this.tallies.returns;
    tally.ask(1);
    const bucket = now.findIndex((owner, bucket) => owner !== before[bucket]);
    if (bucket === -1) return;
    tally.fail(() => {
      const [first, again] = [this.#name(before[bucket]!), this.#name(now[bucket]!)];
      const found = `${first} owned it, and when the same backends are live again it is ${again}`;
      return { ...this.example(down, bucket, found), commands: [this.commands.prove(down)] };
    });
  }

  /**
   * `filters`: those whose rules show it. `before`: live sets that the commands show first. Without a client in the bucket the live set as
   * a whole shows it.
   */
  example(
    down: Down,
    bucket: number,
    found: string,
    filters: readonly number[] = [],
    before: readonly Down[] = [],
    known?: string,
  ): CounterExample {
    const client = known ?? clientIn(this.cluster, bucket);
    const shown = this.commands.filters(filters, down);
    const explained = client === undefined ? [] : this.commands.explain(client, ...before, down);
    const whole = filters.length > 0 && shown.length === 0 || client === undefined;
    return {
      cluster: this.cluster.name,
      down: namesOf(this.cluster, down),
      bucket,
      client: client ?? null,
      found: `bucket ${bucket}: ${found}`,
      commands: [...explained, ...shown, ...(whole ? [this.commands.prove(down)] : [])],
    };
  }

  #checkOwners(down: Down, owners: Uint16Array, expected: readonly number[]): void {
    const tally = this.tallies.owner;
    tally.ask(owners.length);
    const may = new Uint8Array(this.cluster.backends.length);
    for (const index of expected) may[index] = 1;
    const mayNobody = expected.length === 0 ? 1 : 0;
    for (let bucket = 0; bucket < owners.length; bucket++) {
      const owner = owners[bucket]!;
      if ((owner === NOBODY ? mayNobody : may[owner]) === 1) continue;
      tally.fail(() => this.example(down, bucket, this.#whyNot(owner, down)));
    }
  }

  #whyNot(owner: number, down: Down): string {
    if (owner === NOBODY) return "it has no owner";
    const name = this.#name(owner);
    return `it goes to ${name}, ${down.has(owner) ? "which is down" : "which may have none"}`;
  }

  #checkShares(down: Down, shares: readonly number[], expected: readonly number[]): void {
    const tally = this.tallies.shares;
    tally.ask(expected.length);
    const bounds = boundsOf(this.cluster, expected);
    for (const [place, index] of expected.entries()) {
      const buckets = shares[index]!;
      const bound = bounds[place]!;
      if (nearness(buckets, bound) > nearness(this.nearest?.buckets ?? 0, this.nearest)) {
        this.nearest = { backend: this.#name(index), down: namesOf(this.cluster, down), buckets, ...bound };
      }
      if (Math.abs(buckets - bound.exact) <= bound.most) continue;
      tally.fail(() => ({
        cluster: this.cluster.name,
        down: namesOf(this.cluster, down),
        bucket: null,
        client: null,
        found: `${this.#name(index)} has ${buckets} buckets, and ${describeBound(bound)} are right`,
        commands: [this.commands.prove(down)],
      }));
    }
  }

  /** Of an owner that may have been kept in one octet. */
  #name(owner: number): string {
    const backend = this.cluster.backends[owner];
    if (backend !== undefined) return backend.name;
    return (owner & 0xff) === (NOBODY & 0xff) ? "nobody" : "no backend of the cluster";
  }
}

export function describeBound({ exact, most }: Bound): string {
  return `${exact.toFixed(1)} ± ${most.toFixed(1)}`;
}

/** How many buckets each backend has. */
export function sharesOf(owners: Owners, { backends }: ClusterConfig): number[] {
  const shares = new Array<number>(backends.length).fill(0);
  for (const owner of owners) if (owner < backends.length) shares[owner]!++;
  return shares;
}

/** 1 at the bound. */
function nearness(buckets: number, bound: Bound | undefined): number {
  return bound === undefined ? -1 : Math.abs(buckets - bound.exact) / bound.most;
}
