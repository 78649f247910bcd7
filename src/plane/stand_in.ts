/**
 * What the first worker says in main's place while main is late, because it computes or gets no CPU: the advertisements of the active one
 * of a pair (vrrp/), without which the other one would take over. Main says them itself while it can, and notes each here.
 *
 *     words    INTERVAL, SILENCE, then by family: LENGTH, BY_MAIN, LAST
 *     frames   by family, as the device takes it
 *
 * Whoever was silent for as long as the other one waits says nothing any more: main must find out who is active. Nor does a worker speak
 * for a main thread that is not heard of for long.
 */

const INTERVAL = 0;
const SILENCE = 1;
const FAMILIES = 2;
/** Of each family: octets of its frame, 0 while there is nothing to say; when main said it last; when anybody did. */
const LENGTH = 0;
const BY_MAIN = 1;
const LAST = 2;
const EACH = 3;
const WORDS = FAMILIES + 2 * EACH;

/** Room for 16 addresses of IPv6, with all headers. */
const FRAME = 512;

/** By so much of the interval main may be late. */
const LATE = 1.2;
/** So long a worker speaks for a main thread of which nothing is heard. */
const MOST_MS = 3000;

/** Nothing is due. */
export const NOTHING = -1;

export class StandIn {
  readonly #words: Int32Array;
  readonly #frames: Int32Array;

  static byteLength(): number {
    return WORDS * 4 + 2 * FRAME;
  }

  /** `at` is a multiple of four. */
  constructor(memory: SharedArrayBuffer, at: number) {
    this.#words = new Int32Array(memory, at, WORDS);
    this.#frames = new Int32Array(memory, at + WORDS * 4, 2 * FRAME / 4);
  }

  /**
   * Main's side: has said this, and will again each `intervalMs`; after `silenceMs` without it another one is active. Times are int32, by
   * the clock of the data plane.
   */
  said(isIpv6: boolean, octets: Uint8Array, nowMs: number, intervalMs: number, silenceMs: number): void {
    const words = this.#words;
    const family = familyAt(isIpv6);
    words[INTERVAL] = intervalMs;
    words[SILENCE] = silenceMs;
    Atomics.store(words, family + BY_MAIN, nowMs);
    Atomics.store(words, family + LAST, nowMs);
    const frame = new Uint8Array(this.#frames.buffer, this.#frames.byteOffset + frameAt(isIpv6), FRAME);
    frame.set(octets);
    Atomics.store(words, family + LENGTH, octets.length);
  }

  /** Main's side: there is nothing to say. */
  silence(isIpv6: boolean): void {
    Atomics.store(this.#words, familyAt(isIpv6) + LENGTH, 0);
  }

  /** Main's side: how long ago it was said last, by whomever; Infinity while there is nothing to say. */
  silentMs(isIpv6: boolean, nowMs: number): number {
    const family = familyAt(isIpv6);
    if (Atomics.load(this.#words, family + LENGTH) === 0) return Infinity;
    return (nowMs - Atomics.load(this.#words, family + LAST)) | 0;
  }

  /** The worker's side: is there anything to say, now or later? */
  get isOn(): boolean {
    const words = this.#words;
    return Atomics.load(words, FAMILIES + LENGTH) !== 0 ||
      Atomics.load(words, FAMILIES + EACH + LENGTH) !== 0;
  }

  /** The worker's side: how long nothing is due; NOTHING: until it is woken. */
  waitMs(nowMs: number): number {
    const four = this.#leftMs(false, nowMs);
    const six = this.#leftMs(true, nowMs);
    if (four === NOTHING || six === NOTHING) return four === NOTHING ? six : four;
    return four < six ? four : six;
  }

  /** The worker's side: copies what is due in this family to the beginning of `slot`. Its octets; 0: nothing. */
  take(isIpv6: boolean, nowMs: number, slot: Int32Array): number {
    if (this.#leftMs(isIpv6, nowMs) !== 0) return 0;
    const words = this.#words;
    const family = familyAt(isIpv6);
    const length = Atomics.load(words, family + LENGTH);
    const from = frameAt(isIpv6) / 4;
    for (let word = 0; word * 4 < length; word++) slot[word] = this.#frames[from + word]!;
    Atomics.store(words, family + LAST, nowMs);
    return length;
  }

  #leftMs(isIpv6: boolean, nowMs: number): number {
    const words = this.#words;
    const family = familyAt(isIpv6);
    if (Atomics.load(words, family + LENGTH) === 0) return NOTHING;
    const silentMs = (nowMs - Atomics.load(words, family + LAST)) | 0;
    if (silentMs >= words[SILENCE]! || ((nowMs - Atomics.load(words, family + BY_MAIN)) | 0) >= MOST_MS) {
      return NOTHING;
    }
    const interval = words[INTERVAL]!;
    // The first time main may be late; from then on its interval is kept.
    const isLate = Atomics.load(words, family + LAST) !== Atomics.load(words, family + BY_MAIN);
    const left = (isLate ? interval : interval * LATE) - silentMs;
    return left > 0 ? Math.ceil(left) | 0 : 0;
  }
}

function familyAt(isIpv6: boolean): number {
  return isIpv6 ? FAMILIES + EACH : FAMILIES;
}

function frameAt(isIpv6: boolean): number {
  return isIpv6 ? FRAME : 0;
}
