/**
 * The octets of a file as they pass by: a stretch of fixed length that moves on through the file, so that memory stays the same however
 * long the file is.
 *
 *     file     ................[ passed | at ... there is | free ].............
 *                              '------------ bytes -------------'
 */

import { CaptureError } from "./format.ts";

/** Reads the next octets and says how many; 0 at the end. */
export type Read = (into: Uint8Array) => number;

const ROOM = 2 ** 20;

export class Octets {
  readonly bytes = new Uint8Array(ROOM);
  readonly view = new DataView(this.bytes.buffer);
  /** Where the next octet stands in `bytes`. */
  at = 0;
  readonly #read: Read;
  readonly #name: string;
  #end = 0;
  /** Octets of the file before `bytes`. */
  #before = 0;

  /** `name` is the file's, for errors. */
  constructor(read: Read, name: string) {
    this.#read = read;
    this.#name = name;
  }

  /** Where the next octet stands in the file. */
  get offset(): number {
    return this.#before + this.at;
  }

  /** The file cannot be read on from here. */
  error(message: string): CaptureError {
    return new CaptureError(this.#name, this.offset, message);
  }

  /** How many octets are at hand from `at` on. */
  get there(): number {
    return this.#end - this.at;
  }

  /** Makes `count` octets stand from `at` on, which may move. False when the file ends before. `count` is at most half of the room. */
  has(count: number): boolean {
    if (this.#end - this.at >= count) return true;
    this.bytes.copyWithin(0, this.at, this.#end);
    this.#before += this.at;
    this.#end -= this.at;
    this.at = 0;
    while (this.#end < count) {
      const read = this.#read(this.bytes.subarray(this.#end));
      if (read === 0) return false;
      this.#end += read;
    }
    return true;
  }

  /** Goes on by `count` octets, however many. False when the file ends before. */
  skip(count: number): boolean {
    for (let left = count; left > 0;) {
      if (!this.has(1)) return false;
      const step = Math.min(left, this.there);
      this.at += step;
      left -= step;
    }
    return true;
  }
}
