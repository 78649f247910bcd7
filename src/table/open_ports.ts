/**
 * At which of our ports which machine may answer now. One thread opens and closes, others look; two int32 words a port:
 *
 *     | OPEN and the high 16 bits of the MAC, its low 32 bits | ...       0 in the first: closed
 */

import type { Mac } from "../wire/address.ts";

const OPEN = 0x10000;

export class OpenPorts {
  readonly #words: Int32Array;

  static byteLength(count: number): number {
    return count * 8;
  }

  /** In memory of its own. */
  static ofSize(count: number): OpenPorts {
    return new OpenPorts(new ArrayBuffer(OpenPorts.byteLength(count)), 0, count);
  }

  /** `at` is a multiple of four. Ports are counted from 0. */
  constructor(memory: ArrayBufferLike, at: number, count: number) {
    this.#words = new Int32Array(memory, at, count * 2);
  }

  open(port: number, { high, low }: Mac): void {
    this.#words[port * 2 + 1] = low;
    this.#words[port * 2] = OPEN | high;
  }

  close(port: number): void {
    this.#words[port * 2] = 0;
  }

  /** May the machine with this MAC answer there? */
  isOpenTo(port: number, macHigh: number, macLow: number): boolean {
    return this.#words[port * 2] === (OPEN | macHigh) && this.#words[port * 2 + 1] === macLow;
  }
}
