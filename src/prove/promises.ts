/**
 * What the documents promise of a live set (docs/prove.md, docs/configuration.md): who may have buckets, and how many. It is said here
 * from weights and names alone, whatever way the maps are made.
 */

import type { ClusterConfig } from "../config/config.ts";
import type { Down } from "./owners.ts";

/** How many buckets a backend should have, and by how many it may be off. */
export interface Bound {
  readonly exact: number;
  readonly most: number;
}

/** How seldom a share that is drawn by lot is out of its bound: once in so many. */
const ONCE_IN = 1e9;

/** What a weight of 0 counts as where the map of all is made: such a backend is never live, so others have its buckets. */
const OF_NOTHING = 1;

/**
 * Those who have buckets, by index: the live ones that have a weight; backups only while no other is live; and when there is none at all,
 * by `noBackend: last-resort`, all that have a weight, or really all.
 */
export function ownersUnder({ backends, noBackend }: ClusterConfig, down: Down): number[] {
  const all = [...backends.keys()];
  const weighty = all.filter((index) => backends[index]!.weight > 0);
  const withoutBackups = (some: readonly number[]) => {
    const first = some.filter((index) => !backends[index]!.backup);
    return first.length > 0 ? first : [...some];
  };
  const live = weighty.filter((index) => !down.has(index));
  if (live.length > 0) return withoutBackups(live);
  if (noBackend === "reject") return [];
  return withoutBackups(weighty.length > 0 ? weighty : all);
}

/** The bounds of their shares, in the same order. */
export function boundsOf(cluster: ClusterConfig, owners: readonly number[]): Bound[] {
  const { backends, buckets, algorithm } = cluster;
  const weights = backends.map(({ weight }) => weight || OF_NOTHING);
  const sum = (some: readonly number[]) => some.reduce((sum, index) => sum + weights[index]!, 0);
  const isBackup = owners.length > 0 && backends[owners[0]!]!.backup;
  const all = [...backends.keys()].filter((index) => backends[index]!.backup === isBackup);
  const [total, ofAll] = [sum(owners), sum(all)];
  const drawn = algorithm === "rendezvous" ? buckets : buckets * (1 - total / ofAll);
  return owners.map((index) => {
    const part = weights[index]! / total;
    const exact = buckets * part;
    if (algorithm === "modulo") return { exact, most: weights[index]! };
    // Of those that are down each had its buckets to within one, and what is drawn of these is off in proportion.
    const rounding = 1 + part * Math.min(owners.length, all.length - owners.length);
    return { exact, most: rounding + byLot(drawn, part) };
  });
}

/** How far the number of hits may be from `draws * part`: Bernstein's inequality, for a chance of 1 in ONCE_IN. */
function byLot(draws: number, part: number): number {
  const variance = draws * part * (1 - part);
  if (variance === 0) return 0;
  const l = Math.log(2 * ONCE_IN);
  return l / 3 + Math.sqrt((l / 3) ** 2 + 2 * variance * l);
}
