/** What is known by address, of either family, found where an address stands in a frame: without a text, and without anything being made. */

import { isIpv6, octetsOf } from "../../wire/address.ts";

interface Cell<T> {
  readonly words: DataView;
  readonly value: T;
}

export class AddressMap<T> {
  readonly #ipv4 = new Map<number, T>();
  /** By a hash of the four words. */
  readonly #ipv6 = new Map<number, Cell<T>[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Of the address at an offset. */
  at(frame: DataView, at: number, isV6: boolean): T | undefined {
    if (!isV6) return this.#ipv4.get(frame.getInt32(at));
    const cells = this.#ipv6.get(hashAt(frame, at));
    if (cells === undefined) return undefined;
    for (let index = 0; index < cells.length; index++) {
      if (isSame(cells[index]!.words, frame, at)) return cells[index]!.value;
    }
    return undefined;
  }

  get(address: string): T | undefined {
    return this.at(viewOf(address), 0, isIpv6(address));
  }

  set(address: string, value: T): void {
    this.delete(address);
    this.#size++;
    const words = viewOf(address);
    if (!isIpv6(address)) return void this.#ipv4.set(words.getInt32(0), value);
    const hash = hashAt(words, 0);
    const cells = this.#ipv6.get(hash);
    if (cells === undefined) this.#ipv6.set(hash, [{ words, value }]);
    else cells.push({ words, value });
  }

  delete(address: string): void {
    const words = viewOf(address);
    if (this.at(words, 0, isIpv6(address)) === undefined) return;
    this.#size--;
    if (!isIpv6(address)) return void this.#ipv4.delete(words.getInt32(0));
    const hash = hashAt(words, 0);
    const left = this.#ipv6.get(hash)!.filter((cell) => !isSame(cell.words, words, 0));
    if (left.length === 0) this.#ipv6.delete(hash);
    else this.#ipv6.set(hash, left);
  }

  /** Oldest first in each family. */
  *values(): Generator<T> {
    yield* this.#ipv4.values();
    for (const cells of this.#ipv6.values()) for (const { value } of cells) yield value;
  }

  clear(): void {
    this.#ipv4.clear();
    this.#ipv6.clear();
    this.#size = 0;
  }
}

const MOST_VIEWS = 4096;
const views = new Map<string, DataView>();

/** The octets of an address, which must stay as they are: the same address is asked for again and again, and is read once. */
export function viewOf(address: string): DataView {
  const known = views.get(address);
  if (known !== undefined) return known;
  if (views.size === MOST_VIEWS) views.clear();
  const view = new DataView(octetsOf(address).buffer);
  views.set(address, view);
  return view;
}

function hashAt(frame: DataView, at: number): number {
  const high = frame.getInt32(at) ^ Math.imul(frame.getInt32(at + 4), 0x9e3779b1);
  return (high ^ Math.imul(frame.getInt32(at + 8), 0x85ebca6b) ^ frame.getInt32(at + 12)) | 0;
}

function isSame(words: DataView, frame: DataView, at: number): boolean {
  return words.getInt32(0) === frame.getInt32(at) && words.getInt32(4) === frame.getInt32(at + 4) &&
    words.getInt32(8) === frame.getInt32(at + 8) && words.getInt32(12) === frame.getInt32(at + 12);
}
