/**
 * pcapng, as Wireshark and `tcpdump` on a Mac write it: draft-ietf-opsawg-pcapng. A file is blocks, one after another:
 *
 *     block      | type | length | body ... | length |                         the length is the whole block's, a multiple of four
 *     section    | magic | version | section length | options                  tells the order of the octets, until the next one
 *     interface  | link type, 0 | snapshot length | options
 *     enhanced   | interface | time, two words | captured | on the wire | frame, padded | options
 *     simple     | on the wire | frame, padded
 *     statistics | interface | time, two words | options                      what came of the capture so far
 *     packet     | interface, drops | time, two words | captured | on the wire | frame, padded | options      obsolete
 *
 * All other blocks are passed over.
 */

import { type CapturedFrame, describeLinkType, ETHERNET, type Format, LONGEST_FRAME } from "./format.ts";
import type { Octets } from "./octets.ts";

export const SECTION = 0x0a0d0d0a;
export const INTERFACE = 1;
const PACKET = 2;
const SIMPLE = 3;
export const STATISTICS = 5;
export const ENHANCED = 6;

export const BYTE_ORDER = 0x1a2b3c4d;

/** Type and length; with the length once more at the end. */
const HEADER = 8;
const FRAME = 12;

/** Body of a section, of an interface and of a packet without what has no fixed length. */
const SECTION_BODY = 16;
const INTERFACE_BODY = 8;
const ENHANCED_BODY = 20;
const SIMPLE_BODY = 4;

export const END_OF_OPTIONS = 0;
export const COMMENT = 1;
/** Of an interface: units of time, a power of ten, or of two where the highest bit is set. */
export const TIME_RESOLUTION = 9;
/** Of an interface: seconds to add. */
const TIME_OFFSET = 14;

/** Of statistics: packets that found no room, eight octets. */
export const DROPPED_BY_INTERFACE = 5;

/** More interfaces, or options of one, serve no one but an attacker. */
const MOST_INTERFACES = 65_536;
const MOST_OPTIONS = 65_536;

interface Interface {
  readonly linkType: number;
  readonly snapshotLength: number;
  readonly unitsPerSecond: number;
  readonly offsetSeconds: number;
}

export class Pcapng implements Format {
  readonly #octets: Octets;
  #isLittle = false;
  #interfaces: Interface[] = [];

  // The block in hand: how much of it is still to be passed, without its last word, and its length.
  #left = 0;
  #length = 0;

  /** Undefined when the file, of which four octets are at hand, begins otherwise. */
  static open(octets: Octets): Pcapng | undefined {
    return octets.view.getUint32(octets.at) === SECTION ? new Pcapng(octets) : undefined;
  }

  private constructor(octets: Octets) {
    this.#octets = octets;
  }

  next(frame: CapturedFrame): boolean {
    for (;;) {
      this.#pass();
      if (!this.#octets.has(1)) return false;
      const type = this.#begin();
      switch (type) {
        case SECTION:
          this.#interfaces = [];
          break;
        case INTERFACE:
          this.#readInterface();
          break;
        case ENHANCED:
        case PACKET:
          this.#readPacket(frame, type);
          return true;
        case SIMPLE:
          this.#readSimple(frame);
          return true;
      }
    }
  }

  /** Passes what is left of the block in hand. */
  #pass(): void {
    if (this.#length === 0) return;
    if (!this.#octets.skip(this.#left)) throw this.#cut();
    if (!this.#octets.has(4)) throw this.#cut();
    const again = this.#u32(0);
    if (again !== this.#length) {
      throw this.#octets.error(
        `the block has a length of ${this.#length} before it and ${again} behind it, the file is damaged here`,
      );
    }
    this.#octets.at += 4;
    this.#length = 0;
  }

  /** Reads type and length of a block, whose body then begins at `at`. */
  #begin(): number {
    const octets = this.#octets;
    if (!octets.has(FRAME)) throw this.#cut();
    const type = octets.view.getUint32(octets.at, this.#isLittle);
    if (type === SECTION) this.#readByteOrder();
    const length = this.#u32(4);
    if (length % 4 !== 0 || length < FRAME + (type === SECTION ? SECTION_BODY : 0)) {
      throw this.#octets.error(`a block cannot have a length of ${length}, the file is damaged here`);
    }
    octets.at += HEADER;
    this.#length = length;
    this.#left = length - FRAME;
    return type;
  }

  #readByteOrder(): void {
    const { view, at } = this.#octets;
    if (view.getUint32(at + HEADER) === BYTE_ORDER) this.#isLittle = false;
    else if (view.getUint32(at + HEADER, true) === BYTE_ORDER) this.#isLittle = true;
    else {throw this.#octets.error(
        "a section begins with the word 0x1a2b3c4d, found another, the file is damaged here",
      );}
  }

  #readInterface(): void {
    this.#need(INTERFACE_BODY);
    if (this.#interfaces.length >= MOST_INTERFACES) {
      throw this.#octets.error(`a section has at most ${MOST_INTERFACES} interfaces here, found more`);
    }
    const linkType = this.#u16(0);
    const snapshotLength = this.#u32(4) === 0 ? LONGEST_FRAME : this.#u32(4);
    this.#take(INTERFACE_BODY);
    let unitsPerSecond = 1_000_000;
    let offsetSeconds = 0;
    for (let count = 0; this.#left >= 4 && count < MOST_OPTIONS; count++) {
      this.#need(4);
      const [code, length] = [this.#u16(0), this.#u16(2)];
      this.#take(4);
      const padded = Math.ceil(length / 4) * 4;
      this.#need(padded);
      if (code === TIME_RESOLUTION && length === 1) unitsPerSecond = this.#unitsPerSecond();
      if (code === TIME_OFFSET && length === 8) offsetSeconds = this.#offsetSeconds();
      this.#take(padded);
      if (code === END_OF_OPTIONS) break;
    }
    this.#interfaces.push({ linkType, snapshotLength, unitsPerSecond, offsetSeconds });
  }

  #unitsPerSecond(): number {
    const resolution = this.#octets.bytes[this.#octets.at]!;
    return (resolution & 0x80) === 0 ? 10 ** Math.min(resolution, 20) : 2 ** Math.min(resolution & 0x7f, 64);
  }

  #offsetSeconds(): number {
    const { view, at } = this.#octets;
    const seconds = Number(view.getBigInt64(at, this.#isLittle));
    // More is none: 10^11 seconds are 3,000 years.
    return Math.abs(seconds) < 1e11 ? seconds : 0;
  }

  #readPacket(frame: CapturedFrame, type: number): void {
    this.#need(ENHANCED_BODY);
    const index = type === ENHANCED ? this.#u32(0) : this.#u16(0);
    const found = this.#interface(index);
    frame.high = this.#u32(4);
    frame.low = this.#u32(8);
    frame.seconds = found.offsetSeconds;
    frame.unitsPerSecond = found.unitsPerSecond;
    frame.lengthOnWire = this.#u32(16);
    const length = this.#u32(12);
    this.#take(ENHANCED_BODY);
    this.#give(frame, length);
  }

  #readSimple(frame: CapturedFrame): void {
    this.#need(SIMPLE_BODY);
    const { snapshotLength } = this.#interface(0);
    frame.high = 0;
    frame.low = 0;
    frame.seconds = 0;
    frame.lengthOnWire = this.#u32(0);
    this.#take(SIMPLE_BODY);
    this.#give(frame, Math.min(frame.lengthOnWire, snapshotLength));
  }

  #give(frame: CapturedFrame, length: number): void {
    if (length > LONGEST_FRAME || length > this.#left) {
      throw this.#octets.error(
        `a frame cannot have ${length} octets in a block of ${this.#length}, the file is damaged here`,
      );
    }
    this.#need(length);
    frame.at = this.#octets.at;
    frame.length = length;
    this.#take(length);
  }

  #interface(index: number): Interface {
    const found = this.#interfaces[index];
    if (found === undefined) {
      throw this.#octets.error(
        `the frame is of interface ${index}, found ${this.#interfaces.length} interfaces before it, the file is damaged here`,
      );
    }
    if (found.linkType !== ETHERNET) throw this.#octets.error(describeLinkType(found.linkType));
    return found;
  }

  /** Makes so many octets of the block's body be at hand. */
  #need(count: number): void {
    if (count > this.#left) {
      throw this.#octets.error(
        `a block of ${this.#length} octets is too short for what it says, the file is damaged here`,
      );
    }
    if (!this.#octets.has(count)) throw this.#cut();
  }

  #take(count: number): void {
    this.#octets.at += count;
    this.#left -= count;
  }

  #u16(offset: number): number {
    return this.#octets.view.getUint16(this.#octets.at + offset, this.#isLittle);
  }

  #u32(offset: number): number {
    return this.#octets.view.getUint32(this.#octets.at + offset, this.#isLittle);
  }

  #cut(): Error {
    return this.#octets.error("the capture ends within a block, the frames before it are whole");
  }
}
