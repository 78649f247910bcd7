/**
 * Texts between machines that share a key: each is one datagram, or several where it would not fit into a frame.
 *
 *     0                     32     36      40     41      42
 *     +---------------------+------+-------+------+-------+----------------
 *     | HMAC-SHA-256 of ... | life | count | part | parts | part of the text
 *     +---------------------+------+-------+------+-------+----------------
 *
 * Parts with the same life, a random number of the sender's, and the same count belong together. Nothing of a datagram is looked at
 * before the HMAC is right. Whoever takes what comes out must itself see to it that nothing old is believed twice.
 */

import { createHmac, timingSafeEqual } from "node:crypto";
import type { Random } from "./random.ts";

/** What IPv6, whose header has 40 octets, leaves of an Ethernet frame's 1500, and UDP, whose header has 8, of that. */
export const MOST_OCTETS = 1500 - 40 - 8;
const HMAC_OCTETS = 32;
const HEADER_OCTETS = 10;
const PART_OCTETS = MOST_OCTETS - HMAC_OCTETS - HEADER_OCTETS;
const MOST_PARTS = 255;

/** The longest text. */
export const MOST_TEXT_OCTETS = MOST_PARTS * PART_OCTETS;

/** Texts of which parts are missing; when there are more the oldest is given up. */
const MOST_INCOMPLETE = 256;

export class SignedParts {
  readonly #key: Uint8Array;
  readonly #life: number;
  #count = 0;
  /** By life and count; what is missing of one is undefined. */
  readonly #incomplete = new Map<string, (Uint8Array | undefined)[]>();

  constructor(key: Uint8Array, random: Random) {
    this.#key = key;
    this.#life = random.int32();
  }

  /** The datagrams of a text of MOST_TEXT_OCTETS at most. */
  split(text: Buffer): Uint8Array[] {
    const count = this.#count++;
    const parts = Math.ceil(text.length / PART_OCTETS);
    if (parts > MOST_PARTS) throw new RangeError(`a text of ${text.length} octets is too long`);
    return Array.from({ length: parts }, (_, part) => {
      const header = Buffer.alloc(HEADER_OCTETS);
      header.writeInt32BE(this.#life, 0);
      header.writeUInt32BE(count >>> 0, 4);
      header.writeUInt8(part, 8);
      header.writeUInt8(parts, 9);
      const body = Buffer.concat([header, text.subarray(part * PART_OCTETS, (part + 1) * PART_OCTETS)]);
      return Buffer.concat([this.#hmacOf(body), body]);
    });
  }

  /** The text that is whole with this datagram; `part` while others are missing, `forged` where the key is another. */
  join(datagram: Uint8Array): Buffer | "part" | "forged" {
    if (datagram.length < HMAC_OCTETS + HEADER_OCTETS) return "forged";
    const body = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.length).subarray(HMAC_OCTETS);
    if (!timingSafeEqual(this.#hmacOf(body), datagram.subarray(0, HMAC_OCTETS))) return "forged";
    return this.#wholeWith(body) ?? "part";
  }

  #wholeWith(body: Buffer): Buffer | undefined {
    const [part, parts] = [body.readUInt8(8), body.readUInt8(9)];
    const octets = body.subarray(HEADER_OCTETS);
    if (parts === 1) return octets;
    const id = body.toString("hex", 0, 8);
    const known = this.#incomplete.get(id) ?? new Array<Uint8Array | undefined>(parts).fill(undefined);
    this.#incomplete.set(id, known);
    if (this.#incomplete.size > MOST_INCOMPLETE) {
      this.#incomplete.delete(this.#incomplete.keys().next().value!);
    }
    if (part < known.length) known[part] = Uint8Array.from(octets);
    const whole = known.filter((one) => one !== undefined);
    if (whole.length < known.length) return undefined;
    this.#incomplete.delete(id);
    return Buffer.concat(whole);
  }

  #hmacOf(octets: Uint8Array): Buffer {
    return createHmac("sha256", this.#key).update(octets).digest();
  }
}
