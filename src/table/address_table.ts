/** The addresses that are ours: one look-up tells a cluster address, an address of the dispatcher and any other apart. */

/** No such address. */
export const ABSENT = -1;

/**
 * Int32 address -> whole number of 0 or more. Open addressing with linear probing, at most half full:
 *
 *     slot   #keys   #values
 *      0       .      ABSENT      an ABSENT value ends a search
 *      1     10.0.0.2    5
 */
export class AddressTable {
  readonly #keys: Int32Array;
  readonly #values: Int32Array;
  readonly #mask: number;

  constructor(entries: readonly (readonly [address: number, value: number])[]) {
    const size = 2 ** Math.ceil(Math.log2(2 * entries.length + 1));
    this.#mask = size - 1;
    this.#keys = new Int32Array(size);
    this.#values = new Int32Array(size).fill(ABSENT);
    for (const [address, value] of entries) {
      let slot = this.#home(address);
      while (this.#values[slot] !== ABSENT) slot = (slot + 1) & this.#mask;
      this.#keys[slot] = address;
      this.#values[slot] = value;
    }
  }

  lookup(address: number): number {
    let slot = this.#home(address);
    while (this.#values[slot] !== ABSENT && this.#keys[slot] !== address) slot = (slot + 1) & this.#mask;
    return this.#values[slot]!;
  }

  /** Where a search starts: Fibonacci hashing, the product's upper half. */
  #home(address: number): number {
    return (Math.imul(address, 0x9e3779b1) >>> 16) & this.#mask;
  }
}
