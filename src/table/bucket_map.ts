/**
 * Which backend owns each bucket.
 *
 * A client's bucket is its hash scaled to 0..B-1, as nftables' `mod B` does it; with B a power of two these are the
 * hash's top bits. A *base map* gives every bucket an owner, from names and weights alone. A *live map* is the base map
 * with the buckets of backends that are not live given to live ones. A backend that starts slowly has only a portion of its own
 * buckets so far, drawn for each bucket; to the others it counts as not live.
 *
 *     base   a a b c b a c b          c dies:   a a b . b a . b
 *                                     live      a a b a b a b b      only c's buckets moved
 *
 * Invariants (the property tests hold them):
 * - same names, weights and live set, same map: on every machine, whatever the order of the configuration;
 * - each share of the base map is the backend's weight in proportion: of `maglev` to within one bucket, of `modulo` to within the
 *   weight, of `rendezvous` as far as chance goes; docs/prove.md has the bounds, of live maps too;
 * - `maglev` and `rendezvous`: only buckets of backends that are not live move, and they come back exactly; those of one that
 *   starts slowly come back one after the other, and none of them goes away again.
 *   `modulo`, the plainest form, renumbers the live backends instead and moves most buckets: it is there to compare.
 */

import * as hash from "./hash.ts";
import { finish } from "./steps.ts";

/** Who may own buckets of a map. */
export interface Member {
  readonly name: string;
  /** Whole number; with 0 it owns nothing. */
  readonly weight: number;
}

/** How buckets are shared out. `modulo` moves almost all of them when a member comes or goes, the others few. */
export type Algorithm = "maglev" | "rendezvous" | "modulo";

/** The owner of every bucket when no backend is live. */
export const NO_BACKEND = 0xffff;

/** Draws (see `highest`) of one step, which takes some milliseconds. */
const STEP_DRAWS = 2 ** 22;

/** The bucket of a client whose hash is `h` (int32) among `buckets`, a power of two. */
export function bucketOf(h: number, buckets: number): number {
  return Math.floor((h >>> 0) * buckets / 2 ** 32);
}

/** The owner of each bucket, as index into `members`, when all are live. */
export function baseMap(members: readonly Member[], buckets: number, algorithm: Algorithm): Uint16Array {
  const order = byName(members).filter((member) => members[member]!.weight > 0);
  if (order.length === 0) return new Uint16Array(buckets).fill(NO_BACKEND);
  switch (algorithm) {
    case "maglev":
      return maglev(members, order, buckets);
    case "rendezvous":
      return rendezvous(members, order, buckets);
    case "modulo":
      return modulo(members, order, buckets);
  }
}

/** The owner of each bucket among the live members; NO_BACKEND everywhere when none is live. */
export function liveMap(
  members: readonly Member[],
  base: Uint16Array,
  algorithm: Algorithm,
  isLive: (member: number) => boolean,
): Uint16Array {
  return finish(liveMapInSteps(members, base, algorithm, (member) => isLive(member) ? 1 : 0));
}

/**
 * The same map, in steps of some milliseconds: half of 1,000 backends may fail at once, and whoever computes it may have other
 * work in between. `portionOf` is asked in the first step only: 0 is not live, 1 is live, between them a member that starts slowly,
 * which has this portion of its own buckets. Where no other is live there is nobody to go slowly beside, and with `modulo` neither.
 */
export function* liveMapInSteps(
  members: readonly Member[],
  base: Uint16Array,
  algorithm: Algorithm,
  portionOf: (member: number) => number,
): Generator<void, Uint16Array> {
  const portions = members.map((_, member) => portionOf(member));
  const live = byName(members).filter((member) => portions[member]! > 0);
  if (live.length === 0) return new Uint16Array(base.length).fill(NO_BACKEND);
  if (algorithm === "modulo") {
    return live.length === members.length ? base : modulo(members, live, base.length);
  }
  const whole = live.filter((member) => portions[member] === 1);
  const order = whole.length === 0 ? live : whole;
  if (order.length === members.length) return base;
  const isAlive = new Uint8Array(members.length);
  for (const member of order) isAlive[member] = 1;
  const starting = new Map(
    live.filter((member) => isAlive[member] === 0).map((
      member,
    ) => [member, hash.ofName(members[member]!.name)]),
  );
  const classes = byWeight(members, order);
  const map = base.slice();
  let draws = 0;
  for (let bucket = 0; bucket < map.length; bucket++) {
    const owner = map[bucket]!;
    if (isAlive[owner] === 1) continue;
    const name = starting.get(owner);
    if (name !== undefined && hasReturned(name, bucket, portions[owner]!)) continue;
    map[bucket] = highest(classes, bucket);
    draws += order.length;
    if (draws < STEP_DRAWS) continue;
    yield;
    draws = 0;
  }
  return map;
}

/** Is the bucket among this portion of its owner's? Of a larger portion it is too. */
function hasReturned(nameHash: number, bucket: number, portion: number): boolean {
  return (hash.ofWords(nameHash, bucket, 2) >>> 0) < portion * 2 ** 32;
}

/** How many buckets each member owns. */
export function shares(map: Uint16Array, members: number): number[] {
  const counts = new Array<number>(members).fill(0);
  for (const owner of map) if (owner !== NO_BACKEND) counts[owner]!++;
  return counts;
}

function byName(members: readonly Member[]): number[] {
  const name = (member: number) => members[member]!.name;
  return [...members.keys()].sort((a, b) => name(a) < name(b) ? -1 : 1);
}

/**
 * Maglev's population (Eisenbud et al., NSDI 2016, section 3.4): every backend has its own permutation of the buckets
 * and takes, in turn, the next bucket of it that is still free. The paper wants a prime number of buckets so that any
 * skip gives a permutation; with a power of two, any odd skip does.
 *
 * A backend takes part in rounds as its quota asks: after round r of R it has had floor(quota * r / R) turns.
 */
function maglev(members: readonly Member[], order: readonly number[], buckets: number): Uint16Array {
  const map = new Uint16Array(buckets).fill(NO_BACKEND);
  const quotas = apportion(order.map((member) => members[member]!.weight), buckets);
  const nameHashes = order.map((member) => hash.ofName(members[member]!.name));
  const next = nameHashes.map((name) => hash.ofWords(name, 0, 0) & (buckets - 1));
  const skips = nameHashes.map((name) => hash.ofWords(name, 1, 0) | 1);
  const rounds = Math.max(...quotas);
  for (let round = 1; round <= rounds; round++) {
    for (const [turn, member] of order.entries()) {
      const quota = quotas[turn]!;
      let turns = Math.floor(quota * round / rounds) - Math.floor(quota * (round - 1) / rounds);
      for (; turns > 0; turns--) {
        let bucket = next[turn]!;
        while (map[bucket] !== NO_BACKEND) bucket = (bucket + skips[turn]!) & (buckets - 1);
        map[bucket] = member;
        next[turn] = bucket;
      }
    }
  }
  return map;
}

/** Splits `seats` in proportion to the weights, whole numbers, each within one of its exact share: largest remainders. */
function apportion(weights: readonly number[], seats: number): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const quotas = weights.map((weight) => Math.floor(weight * seats / total));
  const remainders = weights.map((weight) => weight * seats % total);
  const left = seats - quotas.reduce((sum, quota) => sum + quota, 0);
  const largest = [...weights.keys()].sort((a, b) => remainders[b]! - remainders[a]! || a - b);
  for (const index of largest.slice(0, left)) quotas[index]!++;
  return quotas;
}

/** Each bucket to the backend that scores highest for it (Thaler and Ravishankar, 1998), shares only about even. */
function rendezvous(members: readonly Member[], order: readonly number[], buckets: number): Uint16Array {
  const classes = byWeight(members, order);
  return new Uint16Array(buckets).map((_, bucket) => highest(classes, bucket));
}

/** The members of one weight, by name. */
interface WeightClass {
  readonly weight: number;
  readonly members: Uint16Array;
  readonly nameHashes: Int32Array;
}

function byWeight(members: readonly Member[], order: readonly number[]): WeightClass[] {
  const weights = [...new Set(order.map((member) => members[member]!.weight))].sort((a, b) => a - b);
  return weights.map((weight) => {
    const own = order.filter((member) => members[member]!.weight === weight);
    return {
      weight,
      members: Uint16Array.from(own),
      nameHashes: Int32Array.from(own, (member) => hash.ofName(members[member]!.name)),
    };
  });
}

/**
 * Weighted rendezvous: each member draws a number, the same one for the bucket at every time and place. With u, the draw in
 * (0, 1), -weight / ln u is largest for a member with a chance in proportion to its weight. Among equal weights the largest
 * draw has the largest score, so only the best of each weight needs a logarithm: half of 1,000 backends may fail at once.
 */
function highest(classes: readonly WeightClass[], bucket: number): number {
  const salt = hash.ofWords(bucket, 0, 0);
  let best = NO_BACKEND;
  let bestScore = -1;
  for (const { weight, members, nameHashes } of classes) {
    const first = indexOfLargestDraw(nameHashes, salt);
    const u = (draw(nameHashes[first]!, salt) + 2 ** 31 + 0.5) / 2 ** 32;
    const score = -weight / Math.log(u);
    if (score > bestScore) {
      best = members[first]!;
      bestScore = score;
    }
  }
  return best;
}

/** Equal draws go to the first by name. */
function indexOfLargestDraw(nameHashes: Int32Array, salt: number): number {
  let index = 0;
  let largest = draw(nameHashes[0]!, salt);
  for (let other = 1; other < nameHashes.length; other++) {
    const drawn = draw(nameHashes[other]!, salt);
    if (drawn > largest) {
      index = other;
      largest = drawn;
    }
  }
  return index;
}

/** Two rounds of multiplying and shifting, which spread the bits of both words all over: uniform in int32. */
function draw(nameHash: number, salt: number): number {
  const once = Math.imul(nameHash ^ salt, 0x9e3779b1);
  return Math.imul(once ^ (once >>> 15), 0x85ebca6b);
}

/** Bucket modulo the number of backends, each counted as often as it weighs. */
function modulo(members: readonly Member[], order: readonly number[], buckets: number): Uint16Array {
  const turns = order.flatMap((member) => new Array<number>(members[member]!.weight).fill(member));
  return new Uint16Array(buckets).map((_, bucket) => turns[bucket % turns.length]!);
}
