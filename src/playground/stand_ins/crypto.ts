/** Of node:crypto: SHA-256 (FIPS 180-4) and HMAC of it (RFC 2104), at once as the modules of src want them; crypto.subtle only promises. */

import { Buffer } from "./buffer.ts";

const BLOCK = 64;

/** The first 32 bits of the fractions of roots of the first primes: square roots where it begins, cube roots for each round. */
const [START, ROUNDS] = ((): [Int32Array, Int32Array] => {
  const primes: number[] = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  const fraction = (root: number) => ((root - Math.floor(root)) * 2 ** 32) | 0;
  return [
    Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime))),
    Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime))),
  ];
})();

export function sha256(octets: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil((octets.length + 9) / BLOCK) * BLOCK);
  padded.set(octets);
  padded[octets.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, BigInt(octets.length) * 8n);
  const state = START.slice();
  const words = new Int32Array(64);
  for (let at = 0; at < padded.length; at += BLOCK) mix(state, words, view, at);
  const digest = new DataView(new ArrayBuffer(32));
  state.forEach((word, index) => digest.setInt32(4 * index, word));
  return new Uint8Array(digest.buffer);
}

function mix(state: Int32Array, words: Int32Array, view: DataView, at: number): void {
  for (let t = 0; t < 16; t++) words[t] = view.getInt32(at + 4 * t);
  for (let t = 16; t < 64; t++) {
    const [w2, w15] = [words[t - 2]!, words[t - 15]!];
    const s0 = turn(w15, 7) ^ turn(w15, 18) ^ (w15 >>> 3);
    const s1 = turn(w2, 17) ^ turn(w2, 19) ^ (w2 >>> 10);
    words[t] = words[t - 16]! + s0 + words[t - 7]! + s1;
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  for (let t = 0; t < 64; t++) {
    const chosen = (e & f) ^ (~e & g);
    const most = (a & b) ^ (a & c) ^ (b & c);
    const first = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + chosen + ROUNDS[t]! + words[t]!) | 0;
    const second = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + most) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((word, index) => state[index] = state[index]! + word);
}

function turn(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

function hmac(key: Uint8Array, octets: Uint8Array): Uint8Array {
  const whole = new Uint8Array(BLOCK);
  whole.set(key.length > BLOCK ? sha256(key) : key);
  const inner = sha256(Buffer.concat([whole.map((octet) => octet ^ 0x36), octets]));
  return sha256(Buffer.concat([whole.map((octet) => octet ^ 0x5c), inner]));
}

/** Gathers what is hashed. */
class Digest {
  readonly #hash: (octets: Uint8Array) => Uint8Array;
  #octets = Buffer.alloc(0);

  constructor(hash: (octets: Uint8Array) => Uint8Array) {
    this.#hash = hash;
  }

  update(part: string | Uint8Array): this {
    this.#octets = Buffer.concat([this.#octets, typeof part === "string" ? Buffer.from(part) : part]);
    return this;
  }

  digest(): Buffer;
  digest(encoding: "hex" | "base64url"): string;
  digest(encoding?: "hex" | "base64url"): Buffer | string {
    const digest = Buffer.from(this.#hash(this.#octets));
    return encoding === undefined ? digest : digest.toString(encoding);
  }
}

/** SHA-256, whatever is asked for: nothing in src asks for another. */
export function createHash(_name: "sha256"): Digest {
  return new Digest(sha256);
}

export function createHmac(_name: "sha256", key: Uint8Array): Digest {
  return new Digest((octets) => hmac(key, octets));
}

export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, index) => octet === b[index]);
}
