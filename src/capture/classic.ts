/**
 * Classic pcap, as `tcpdump -w` writes it: draft-ietf-opsawg-pcap.
 *
 *     file     | magic | version | two reserved words | snapshot length | link type |      24 octets
 *     record   | seconds | fraction | captured length | length on the wire |               16 octets, then the frame
 *
 * The magic tells the order of the octets in all header words, and whether the fraction counts microseconds or nanoseconds.
 */

import { type CapturedFrame, describeLinkType, ETHERNET, type Format, LONGEST_FRAME } from "./format.ts";
import type { Octets } from "./octets.ts";

const FILE_HEADER = 24;
const LINK_TYPE = 20;
const RECORD_HEADER = 16;

const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;

/** The upper bits of the word say how long the frame check sequence is. */
const LINK_TYPE_MASK = 0xffff;

export class Classic implements Format {
  readonly #octets: Octets;
  readonly #isLittle: boolean;
  readonly #fractions: number;
  #frames = 0;
  /** Of the frame in hand, which is passed only when the next one is asked for. */
  #length = 0;

  /** Undefined when the file, of which four octets are at hand, begins otherwise. */
  static open(octets: Octets): Classic | undefined {
    for (const isLittle of [false, true]) {
      const magic = octets.view.getUint32(octets.at, isLittle);
      if (magic === MICROSECONDS) return new Classic(octets, isLittle, 1_000_000);
      if (magic === NANOSECONDS) return new Classic(octets, isLittle, 1_000_000_000);
    }
    return undefined;
  }

  private constructor(octets: Octets, isLittle: boolean, fractions: number) {
    this.#octets = octets;
    this.#isLittle = isLittle;
    this.#fractions = fractions;
    if (!octets.has(FILE_HEADER)) {
      throw octets.error(`a pcap file begins with ${FILE_HEADER} octets of header, found ${octets.there}`);
    }
    const linkType = octets.view.getUint32(octets.at + LINK_TYPE, isLittle) & LINK_TYPE_MASK;
    if (linkType !== ETHERNET) throw octets.error(describeLinkType(linkType));
    octets.at += FILE_HEADER;
  }

  next(frame: CapturedFrame): boolean {
    const octets = this.#octets;
    octets.at += this.#length;
    this.#length = 0;
    if (!octets.has(1)) return false;
    this.#frames++;
    if (!octets.has(RECORD_HEADER)) throw this.#cut(RECORD_HEADER);
    const length = octets.view.getUint32(octets.at + 8, this.#isLittle);
    if (length > LONGEST_FRAME) {
      throw octets.error(`frame ${this.#frames} cannot have ${length} octets, the file is damaged here`);
    }
    if (!octets.has(RECORD_HEADER + length)) throw this.#cut(RECORD_HEADER + length);
    const { view, at } = octets;
    // The seconds are added as they stand: nanoseconds since 1970 are more than a number holds exactly.
    frame.seconds = view.getUint32(at, this.#isLittle);
    frame.high = 0;
    frame.low = view.getUint32(at + 4, this.#isLittle);
    frame.unitsPerSecond = this.#fractions;
    frame.lengthOnWire = view.getUint32(at + 12, this.#isLittle);
    frame.at = at + RECORD_HEADER;
    frame.length = length;
    octets.at = frame.at;
    this.#length = length;
    return true;
  }

  #cut(needed: number): Error {
    const missing = needed - this.#octets.there;
    return this.#octets.error(
      `the capture ends within frame ${this.#frames}, ${missing} octets are missing, the frames before it are whole`,
    );
  }
}
