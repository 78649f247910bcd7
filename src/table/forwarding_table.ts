/**
 * All that a frame needs to reach its backend: the owner of each bucket and the MAC of each neighbor.
 *
 *     owners   | cluster 0: B0 buckets | cluster 1: B1 buckets | ...      a neighbor's slot, or NO_BACKEND
 *     macs     | high, low | high, low | high, low | ...                  by slot; 0, 0 while unresolved
 *
 * A table is a view on a stretch of memory, which threads may share: who may write and when is the owner's affair.
 */

const UNRESOLVED = 0;

export class ForwardingTable {
  readonly #owners: Uint16Array;
  readonly #macs: Int32Array;

  /** The octets that a table of this size takes; a multiple of four. */
  static byteLength(buckets: number, neighbors: number): number {
    return neighbors * 8 + buckets * 2 + (buckets * 2) % 4;
  }

  /** `at` is a multiple of four. */
  constructor(memory: ArrayBufferLike, at: number, buckets: number, neighbors: number) {
    this.#macs = new Int32Array(memory, at, neighbors * 2);
    this.#owners = new Uint16Array(memory, at + neighbors * 8, buckets);
  }

  /** The slot that owns a bucket; `bucket` counts over all clusters. */
  owner(bucket: number): number {
    return this.#owners[bucket]!;
  }

  macHigh(slot: number): number {
    return this.#macs[slot * 2]!;
  }

  macLow(slot: number): number {
    return this.#macs[slot * 2 + 1]!;
  }

  isResolved(slot: number): boolean {
    return this.macHigh(slot) !== UNRESOLVED || this.macLow(slot) !== UNRESOLVED;
  }

  setOwners(from: number, owners: Uint16Array): void {
    this.#owners.set(owners, from);
  }

  setMac(slot: number, high: number, low: number): void {
    this.#macs[slot * 2] = high;
    this.#macs[slot * 2 + 1] = low;
  }

  clearMac(slot: number): void {
    this.setMac(slot, UNRESOLVED, UNRESOLVED);
  }
}
