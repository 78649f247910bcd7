/**
 * The live sets that are gone through, one step after another, each of which is one visit. Up to `MOST_WHOLE` backends these are all
 * that there are:
 *
 *     down   -  1  12  2  23  123  13  3  ...      a Gray code: each set differs from the one before by one backend
 *            ──────────────────────────▶           there: all checks, and the pairs with each neighbor that has been there
 *            ◀──────────────────────────           and back: each set is come to from its other side, and has the same map
 *
 * Beyond that: nobody is down, each one, each two, and a sample of sets of any size, drawn by the seed. What would take too long is
 * spread out evenly, by how many buckets would have to be looked at.
 */

import { Draws } from "./draws.ts";
import type { LiveSetChecks, Owners } from "./live_set_checks.ts";
import type { Down } from "./owners.ts";

/** Backends of a cluster all of whose live sets are gone through: 2^12 of them. */
export const MOST_WHOLE = 12;

/** Buckets that are looked at with two backends down. For time a backend counts as so many buckets: it is put in order, and hashed. */
const MOST_OF_TWO = 2 ** 30;
const BUCKETS_A_BACKEND = 50;
/** Backends times buckets, over all live sets that are drawn: to compute one of their maps asks each backend for each bucket. */
const MOST_OF_DRAWN = 2 ** 31;
const MOST_DRAWN = 1000;
/** The same over all live sets whose filters are looked at. */
const MOST_OF_FILTERS = 2 ** 32;

/** Live sets of one kind. */
export interface Row {
  readonly what: string;
  /** Each is counted once, however often it is visited. */
  liveSets: number;
  /** How many there are; null where they are drawn. */
  readonly of: number | null;
  /** Of live sets that differ by one backend. */
  pairs: number;
  seconds: number;
}

/** A row is begun, or goes on: `done` of `all` visits. */
export interface Step {
  readonly row: Row;
  readonly done: number;
  readonly all: number;
}

const NONE: Down = new Set();

export class Enumerations {
  /** Live sets under which the filters were looked at, of all that were visited. */
  readonly filters = { liveSets: 0, of: 0 };
  readonly #checks: LiveSetChecks;
  readonly #seed: number;
  readonly #backends: number;
  readonly #buckets: number;
  #filtersEach = 1;

  constructor(checks: LiveSetChecks, seed: number) {
    this.#checks = checks;
    this.#seed = seed;
    this.#backends = checks.cluster.backends.length;
    this.#buckets = checks.cluster.buckets;
  }

  /** All that is done without being told a live set. */
  *all(): Generator<Step> {
    if (this.#backends <= MOST_WHOLE) {
      this.#spreadFilters(2 ** this.#backends);
      yield* this.#everyLiveSet();
      return;
    }
    const pairs = this.#backends * (this.#backends - 1) / 2;
    const cost = this.#buckets + BUCKETS_A_BACKEND * this.#backends;
    const two = Math.min(pairs, Math.floor(MOST_OF_TWO / cost));
    const drawn = Math.min(MOST_DRAWN, Math.floor(MOST_OF_DRAWN / this.#backends / this.#buckets));
    this.#spreadFilters(1 + this.#backends + two + 2 * drawn);
    yield* this.#oneDown();
    yield* this.#twoDown(two, pairs);
    yield* this.#drawn(drawn);
  }

  /** One live set, and each that differs from it by one backend. */
  *around(down: Down): Generator<Step> {
    const { row, step } = stepsOf(
      "this live set, and those beside it",
      this.#backends + 1,
      this.#backends,
    );
    const own = this.#arrive(row, down);
    for (let index = 0; index < this.#backends; index++) {
      yield step(index);
      this.#thereAndBack(row, down, own, index);
    }
  }

  *#everyLiveSet(): Generator<Step> {
    const count = 2 ** this.#backends;
    const { row, step } = stepsOf("every live set", count, 2 * count - 1);
    const rows = new Uint8Array(count * this.#buckets);
    const known = new Uint8Array(count);
    const kept = (bits: number) => rows.subarray(bits * this.#buckets, (bits + 1) * this.#buckets);
    for (let number = 0; number < count; number++) {
      yield step(number);
      const bits = gray(number);
      const down = downOf(bits);
      kept(bits).set(this.#arrive(row, down));
      known[bits] = 1;
      for (let index = 0; index < this.#backends; index++) {
        const other = bits ^ 1 << index;
        if (known[other] === 0) continue;
        const [larger, smaller] = bits < other ? [bits, other] : [other, bits];
        this.#pair(row, downOf(smaller), kept(larger), kept(smaller), index);
      }
    }
    for (let number = count - 2; number >= 0; number--) {
      yield step(2 * count - 2 - number);
      const bits = gray(number);
      const down = downOf(bits);
      this.#checks.checkReturn(down, kept(bits), new Uint8Array(this.#checks.go(down)));
    }
  }

  *#oneDown(): Generator<Step> {
    const { row, step } = stepsOf("all live, and one down", this.#backends + 1, this.#backends);
    const all = this.#arrive(row, NONE);
    for (let index = 0; index < this.#backends; index++) {
      yield step(index);
      this.#thereAndBack(row, NONE, all, index);
    }
  }

  /** Evenly `count` of all `pairs`, from the first ones by number to the last ones. */
  *#twoDown(count: number, pairs: number): Generator<Step> {
    const { row, step } = stepsOf("two down", pairs, count);
    const start = new Draws(this.#seed).below(2 ** 16) / 2 ** 16;
    let [number, next, done] = [0, Math.floor(start * pairs / count), 0];
    for (let first = 0; first < this.#backends; first++) {
      let one: Owners | undefined;
      for (let second = first + 1; second < this.#backends; second++, number++) {
        if (number !== next || done === count) continue;
        yield step(done++);
        next = Math.floor((done + start) * pairs / count);
        one ??= this.#checks.go(new Set([first]));
        const down = new Set([first, second]);
        this.#pair(row, down, one, this.#arrive(row, down), second);
      }
      if (one === undefined) continue;
      const down = new Set([first]);
      this.#checks.checkReturn(down, one, this.#checks.go(down));
    }
  }

  /** Each with one more that goes down or comes back. */
  *#drawn(count: number): Generator<Step> {
    const { row, step } = stepsOf("drawn", null, count);
    const draws = new Draws(this.#seed + 1);
    for (let number = 0; number < count; number++) {
      yield step(number);
      const down = new Set(draws.some(draws.below(this.#backends + 1), this.#backends));
      this.#thereAndBack(row, down, this.#arrive(row, down), draws.below(this.#backends));
    }
  }

  /** From a live set, whose owners are given, to the one that differs by this backend. */
  #thereAndBack(row: Row, down: Down, own: Owners, index: number): void {
    const other = new Set(down);
    if (!other.delete(index)) other.add(index);
    const owners = this.#arrive(row, other);
    if (other.has(index)) this.#pair(row, other, own, owners, index);
    else this.#pair(row, down, owners, own, index);
    this.#checks.checkReturn(down, own, this.#checks.go(down));
  }

  #pair(row: Row, down: Down, larger: Owners, smaller: Owners, gone: number): void {
    row.pairs++;
    this.#checks.checkMoves(down, larger, smaller, gone);
  }

  #arrive(row: Row, down: Down): Uint16Array {
    row.liveSets++;
    const owners = this.#checks.arrive(down);
    if (this.filters.of++ % this.#filtersEach === 0) {
      this.filters.liveSets++;
      this.#checks.checkFilters(down, owners);
    }
    return owners;
  }

  #spreadFilters(liveSets: number): void {
    this.#filtersEach = Math.ceil(liveSets * this.#backends * this.#buckets / MOST_OF_FILTERS);
  }
}

/** Bits that differ in one place from those of the number before. */
function gray(number: number): number {
  return number ^ number >>> 1;
}

function downOf(bits: number): Down {
  const down = new Set<number>();
  for (let index = 0; bits >>> index !== 0; index++) if ((bits >>> index & 1) === 1) down.add(index);
  return down;
}

export function newRow(what: string, of: number | null): Row {
  return { what, liveSets: 0, of, pairs: 0, seconds: 0 };
}

function stepsOf(what: string, of: number | null, all: number) {
  const row = newRow(what, of);
  return { row, step: (done: number): Step => ({ row, done, all }) };
}
