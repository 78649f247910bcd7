/** The addresses that are ours: one look-up tells a cluster address, an address of the dispatcher and any other apart. */

/** No such address. */
export const ABSENT = -1;

/**
 * Int32 address -> whole number of 0 or more. Open addressing with linear probing, at most half full:
 *
 *     cell   #keys   #values
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
      let cell = this.#home(address);
      while (this.#values[cell] !== ABSENT) cell = (cell + 1) & this.#mask;
      this.#keys[cell] = address;
      this.#values[cell] = value;
    }
  }

  lookup(address: number): number {
    let cell = this.#home(address);
    while (this.#values[cell] !== ABSENT && this.#keys[cell] !== address) cell = (cell + 1) & this.#mask;
    return this.#values[cell]!;
  }

  /** Where a search starts: Fibonacci hashing, the product's upper half. */
  #home(address: number): number {
    return (Math.imul(address, 0x9e3779b1) >>> 16) & this.#mask;
  }
}

/** The same for IPv6 addresses, which are looked up where they stand in a frame. Four words of key a cell. */
export class AddressTable6 {
  readonly #keys: Int32Array;
  readonly #values: Int32Array;
  readonly #mask: number;

  /** Addresses as four int32 words. */
  constructor(entries: readonly (readonly [words: Int32Array, value: number])[]) {
    const size = 2 ** Math.ceil(Math.log2(2 * entries.length + 1));
    this.#mask = size - 1;
    this.#keys = new Int32Array(size * 4);
    this.#values = new Int32Array(size).fill(ABSENT);
    for (const [words, value] of entries) {
      let cell = this.#home(words[2]!, words[3]!);
      while (this.#values[cell] !== ABSENT) cell = (cell + 1) & this.#mask;
      this.#keys.set(words, cell * 4);
      this.#values[cell] = value;
    }
  }

  /** `at` is where the address's sixteen octets begin. */
  lookup(frame: DataView, at: number): number {
    let cell = this.#home(frame.getInt32(at + 8), frame.getInt32(at + 12));
    while (this.#values[cell] !== ABSENT && !this.#isAt(cell, frame, at)) cell = (cell + 1) & this.#mask;
    return this.#values[cell]!;
  }

  #isAt(cell: number, frame: DataView, at: number): boolean {
    const keys = this.#keys;
    return keys[cell * 4 + 3] === frame.getInt32(at + 12) && keys[cell * 4 + 2] === frame.getInt32(at + 8) &&
      keys[cell * 4 + 1] === frame.getInt32(at + 4) && keys[cell * 4] === frame.getInt32(at);
  }

  #home(third: number, fourth: number): number {
    return (Math.imul(third ^ fourth, 0x9e3779b1) >>> 16) & this.#mask;
  }
}
