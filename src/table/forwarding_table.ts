/**
 * All that a frame needs to reach its backend: the owner of each bucket, the old owner of each that is in transition, the group of
 * each cluster that has one, and the MAC of each neighbor.
 *
 *     macs     | high, low | high, low | high, low | ...                  by neighbor; 0, 0 while unresolved; -1, 0 failed
 *     owners   | cluster 0: B0 buckets | cluster 1: B1 buckets | ...      a neighbor, or NOBODY; highest bit: in transition
 *     olds     | the same buckets | ...                                   a neighbor, or NOBODY
 *     groups   | cluster 0 | cluster 1 | ...                              a neighbor plus one, or 0 for none
 *     active   | IPv4 | IPv6 |                                            1 while the dispatcher is the active one of a pair, else 0
 *
 * A bucket that has no owner looks as if it were in transition, from nobody: so a frame asks one question of one number.
 *
 * A table is a view on a stretch of memory, which threads may share: who may write and when is the owner's affair. In fresh
 * memory no cluster has a group and no neighbor is resolved.
 */

import { NO_BACKEND } from "./bucket_map.ts";

/** Numbers of neighbors are lower. */
const NOBODY = 0x7fff;

/** As owner of a bucket, this or more says that there is more to ask than one number. */
export const IN_TRANSITION = 0x8000;

/** Technique `route`: the cluster's frames go to the owners of their buckets. */
export const NO_GROUP = -1;

const UNRESOLVED = 0;
/** In place of a MAC's upper half, which is never negative. */
const FAILED = -1;

/** How much a table holds. */
export interface TableSize {
  readonly clusters: number;
  /** Over all clusters. */
  readonly buckets: number;
  /** Groups are neighbors too. */
  readonly neighbors: number;
}

/** Where its parts begin, in octets. */
export interface TablePlaces {
  readonly macs: number;
  readonly owners: number;
  readonly olds: number;
  readonly groups: number;
  /** IPv4's octet; that of IPv6 is behind it. */
  readonly active: number;
}

/**
 * Which neighbor gets the frames of each bucket, and the MAC address of each neighbor: all in one piece of memory, which
 * threads may share.
 */
export class ForwardingTable {
  /** The whole table. */
  readonly octets: Uint8Array;
  readonly #macs: Int32Array;
  readonly #owners: Uint16Array;
  readonly #olds: Uint16Array;
  readonly #groups: Uint16Array;
  readonly #active: Uint8Array;

  /** The octets that a table of this size takes; a multiple of four. */
  static byteLength({ clusters, buckets, neighbors }: TableSize): number {
    return neighbors * 8 + Math.ceil((2 * buckets + clusters + 1) / 2) * 4;
  }

  /** Where the parts of a table of this size begin. */
  static places({ clusters, buckets, neighbors }: TableSize): TablePlaces {
    const owners = neighbors * 8;
    const groups = owners + buckets * 4;
    return { macs: 0, owners, olds: owners + buckets * 2, groups, active: groups + clusters * 2 };
  }

  /** A table in memory of its own. */
  static ofSize(size: TableSize): ForwardingTable {
    return new ForwardingTable(new ArrayBuffer(ForwardingTable.byteLength(size)), 0, size);
  }

  /** `at` is a multiple of four. */
  constructor(memory: ArrayBufferLike, at: number, size: TableSize) {
    const { clusters, buckets, neighbors } = size;
    const { macs, owners, olds, groups, active } = ForwardingTable.places(size);
    this.octets = new Uint8Array(memory, at, ForwardingTable.byteLength(size));
    this.#macs = new Int32Array(memory, at + macs, neighbors * 2);
    this.#owners = new Uint16Array(memory, at + owners, buckets);
    this.#olds = new Uint16Array(memory, at + olds, buckets);
    this.#groups = new Uint16Array(memory, at + groups, clusters);
    this.#active = new Uint8Array(memory, at + active, 2);
  }

  /**
   * The neighbor to which all packets of a bucket go; or IN_TRANSITION or more, when there is not one for all. `bucket` counts over
   * all clusters.
   */
  soleOwner(bucket: number): number {
    return this.#owners[bucket]!;
  }

  /** The neighbor that owns a bucket, or NO_BACKEND. */
  owner(bucket: number): number {
    return neighborIn(this.#owners[bucket]!);
  }

  /** Of a bucket in transition: the neighbor that has the connections which nobody remembers, or NO_BACKEND. */
  oldOwner(bucket: number): number {
    return neighborIn(this.#olds[bucket]!);
  }

  /** Technique `broadcast`: the neighbor to which all frames of the cluster go. Technique `route`: NO_GROUP. */
  group(cluster: number): number {
    return this.#groups[cluster]! - 1;
  }

  /** Of a pair: does this dispatcher have what is shared in this family? */
  isActive(isIpv6: boolean): boolean {
    return this.#active[isIpv6 ? 1 : 0] === 1;
  }

  /** The first two octets of its MAC; 0 or -1 when it has none, as `isResolved` and `isFailed` say. */
  macHigh(neighbor: number): number {
    return this.#macs[neighbor * 2]!;
  }

  /** The last four octets of its MAC, int32. */
  macLow(neighbor: number): number {
    return this.#macs[neighbor * 2 + 1]!;
  }

  /** Is its MAC known? */
  isResolved(neighbor: number): boolean {
    const high = this.macHigh(neighbor);
    return high > UNRESOLVED || (high === UNRESOLVED && this.macLow(neighbor) !== UNRESOLVED);
  }

  /** It has been asked for in vain, so that nothing is worth keeping for it. */
  isFailed(neighbor: number): boolean {
    return this.macHigh(neighbor) === FAILED;
  }

  /** The owners of the buckets from `first` on, none of which is in transition. */
  setOwners(first: number, owners: Uint16Array): void {
    this.#owners.set(owners, first);
    this.#olds.fill(NOBODY, first, first + owners.length);
  }

  /** A bucket is in transition: a neighbor, or NO_BACKEND, has its old connections. */
  setOldOwner(bucket: number, old: number): void {
    this.#owners[bucket] = this.#owners[bucket]! | IN_TRANSITION;
    this.#olds[bucket] = old & NOBODY;
  }

  /** `neighbor` may be NO_GROUP. */
  setGroup(cluster: number, neighbor: number): void {
    this.#groups[cluster] = neighbor + 1;
  }

  /** Of a pair: whether this dispatcher has what is shared in this family. */
  setActive(isIpv6: boolean, isActive: boolean): void {
    this.#active[isIpv6 ? 1 : 0] = isActive ? 1 : 0;
  }

  /** `high`: the first two octets, `low`: the last four. */
  setMac(neighbor: number, high: number, low: number): void {
    this.#macs[neighbor * 2] = high;
    this.#macs[neighbor * 2 + 1] = low;
  }

  /** Its MAC is not known yet, or not any more. */
  clearMac(neighbor: number): void {
    this.setMac(neighbor, UNRESOLVED, UNRESOLVED);
  }

  /** It does not answer: frames for it are turned away. */
  setFailed(neighbor: number): void {
    this.setMac(neighbor, FAILED, UNRESOLVED);
  }
}

function neighborIn(word: number): number {
  return (word & NOBODY) === NOBODY ? NO_BACKEND : word & NOBODY;
}
