/**
 * Which frames are captured, in memory that threads share. Main writes it; a worker looks at NUMBER once a burst, and at the rest only
 * while something is captured.
 *
 *     words   NUMBER, LATEST, SNAPLEN, IN, OUT, CLUSTER, BACKEND, FAMILY
 *             the client's address, its mask      4 words each, of an IPv4 address the first one
 *             verdicts                            a bit each
 *
 * Each capture has a number of its own, 0 is none. A worker may still be in the burst before while the next filter is written: what it
 * captures by that has the old number, and is passed over.
 */

import { NAMES } from "../path/verdict.ts";
import { type Cidr, isIpv6, netmask, netmask6, networkOf, wordsOf } from "../wire/address.ts";

const NUMBER = 0;
const LATEST = 1;
const SNAPLEN = 2;
const IN = 3;
const OUT = 4;
const CLUSTER = 5;
const BACKEND = 6;
const FAMILY = 7;
const CLIENT = 8;
const MASK = 12;
const VERDICTS = 16;
const WORDS = VERDICTS + Math.ceil(NAMES.length / 32);

/** In place of a cluster, a neighbor or a family. */
export const ANY = -1;

export interface WantedFrames {
  /** Octets that are captured of each. */
  readonly snaplen: number;
  readonly direction: "in" | "out" | "both";
  /** Of one cluster, and of the clients of one backend, by its neighbor. */
  readonly cluster: number | undefined;
  readonly backend: number | undefined;
  readonly client: Cidr | undefined;
  readonly verdicts: readonly number[] | undefined;
}

export class CaptureFilter {
  readonly #words: Int32Array;

  /** A multiple of 64, a cache line. */
  static byteLength(): number {
    return Math.ceil(WORDS / 16) * 64;
  }

  /** `at` is a multiple of four. */
  constructor(memory: SharedArrayBuffer, at: number) {
    this.#words = new Int32Array(memory, at, WORDS);
  }

  /** Main's side: workers capture such frames from their next burst on, under the number that it returns. */
  start({ snaplen, direction, cluster, backend, client, verdicts }: WantedFrames): number {
    const words = this.#words;
    words.fill(0, SNAPLEN);
    words[SNAPLEN] = snaplen;
    words[IN] = direction === "out" ? 0 : 1;
    words[OUT] = direction === "in" ? 0 : 1;
    words[CLUSTER] = cluster ?? ANY;
    words[BACKEND] = backend ?? ANY;
    words[FAMILY] = ANY;
    if (client !== undefined) {
      words[FAMILY] = isIpv6(client.address) ? 1 : 0;
      words.set(wordsOf(networkOf(client)), CLIENT);
      words.set(
        isIpv6(client.address) ? netmask6(client.prefixLength) : [netmask(client.prefixLength)],
        MASK,
      );
    }
    for (const verdict of verdicts ?? NAMES.keys()) words[VERDICTS + (verdict >> 5)]! |= 1 << (verdict & 31);
    const number = (words[LATEST]! + 1) | 0 || 1;
    words[LATEST] = number;
    Atomics.store(words, NUMBER, number);
    return number;
  }

  /** Main's side: nothing is captured from the next burst on. */
  stop(): void {
    Atomics.store(this.#words, NUMBER, 0);
  }

  /** Of what is captured; 0 when nothing is. */
  get number(): number {
    return Atomics.load(this.#words, NUMBER);
  }

  /** Of the capture that was begun last, though it may be over. */
  get latest(): number {
    return this.#words[LATEST]!;
  }

  get snaplen(): number {
    return this.#words[SNAPLEN]!;
  }

  /** As they were read. */
  get takesIn(): boolean {
    return this.#words[IN] === 1;
  }

  /** As they were sent. */
  get takesOut(): boolean {
    return this.#words[OUT] === 1;
  }

  /** Frames for no cluster? */
  get takesOthers(): boolean {
    const words = this.#words;
    return words[CLUSTER] === ANY && words[FAMILY] === ANY && words[BACKEND] === ANY;
  }

  /** Frames for this cluster, whose client's address stands at `at`? */
  takesClient(cluster: number, frame: DataView, at: number, isIpv6: boolean): boolean {
    const words = this.#words;
    if (words[CLUSTER] !== ANY && words[CLUSTER] !== cluster) return false;
    if (words[FAMILY] === ANY) return true;
    if (words[FAMILY] !== (isIpv6 ? 1 : 0)) return false;
    for (let word = 0; word < (isIpv6 ? 4 : 1); word++) {
      if ((frame.getInt32(at + word * 4) & words[MASK + word]!) !== words[CLIENT + word]) return false;
    }
    return true;
  }

  /** Frames of the clients of the backend that is this neighbor? */
  takesBackend(neighbor: number): boolean {
    return this.#words[BACKEND] === ANY || this.#words[BACKEND] === neighbor;
  }

  takesVerdict(verdict: number): boolean {
    return ((this.#words[VERDICTS + (verdict >> 5)]! >> (verdict & 31)) & 1) === 1;
  }
}
