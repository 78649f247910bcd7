/** Writes pcapng (pcapng.ts draws it), frames with a comment where there is one, as Wireshark shows it. */

import {
  BYTE_ORDER,
  COMMENT,
  DROPPED_BY_INTERFACE,
  END_OF_OPTIONS,
  ENHANCED,
  INTERFACE,
  SECTION,
  STATISTICS,
  TIME_RESOLUTION,
} from "./pcapng.ts";
import { ETHERNET } from "./format.ts";

/** Of a section: the program that wrote it. Of an interface: its name. Of a frame: flags. */
const APPLICATION = 4;
const INTERFACE_NAME = 2;
const FLAGS = 2;

/** 10^-9 seconds. */
const NANOSECONDS = 9;

export type Direction = "in" | "out";

/** The lowest two bits of a frame's flags. */
const FLAGS_OF: Readonly<Record<Direction, Uint8Array>> = {
  in: Uint8Array.of(1, 0, 0, 0),
  out: Uint8Array.of(2, 0, 0, 0),
};

export interface FrameToWrite {
  readonly octets: Uint8Array;
  /** Octets that it had. */
  readonly lengthOnWire: number;
  /** Since 1970. */
  readonly nanoseconds: bigint;
  readonly direction: Direction;
  /** Its place among those of the header. Default: the first. */
  readonly interface?: number;
  readonly comment?: string;
}

/** What a file begins with: a section, and the interfaces of its frames. */
export function captureHeader(...interfaceNames: readonly string[]): Uint8Array {
  const application = text("oneip");
  const section = new Block(SECTION, 16 + optionLength(application) + END);
  section.u32(BYTE_ORDER);
  section.u16(1);
  section.u16(0);
  section.u32(-1); // The section's length, which nobody knows yet.
  section.u32(-1);
  section.option(APPLICATION, application);
  section.option(END_OF_OPTIONS, NOTHING);
  return Buffer.concat([section.octets, ...interfaceNames.map(describeInterface)]);
}

function describeInterface(interfaceName: string): Uint8Array {
  const name = text(interfaceName);
  const resolution = Uint8Array.of(NANOSECONDS);
  const description = new Block(INTERFACE, 8 + optionLength(name) + optionLength(resolution) + END);
  description.u16(ETHERNET);
  description.u16(0);
  description.u32(0);
  description.option(INTERFACE_NAME, name);
  description.option(TIME_RESOLUTION, resolution);
  description.option(END_OF_OPTIONS, NOTHING);
  return description.octets;
}

export function captureFrame(frame: FrameToWrite): Uint8Array {
  const { octets, lengthOnWire, nanoseconds, direction } = frame;
  const comment = frame.comment === undefined ? undefined : text(frame.comment);
  const flags = FLAGS_OF[direction];
  const options = (comment === undefined ? 0 : optionLength(comment)) + optionLength(flags) + END;
  const block = new Block(ENHANCED, 20 + paddedLength(octets) + options);
  block.u32(frame.interface ?? 0);
  block.time(nanoseconds);
  block.u32(octets.length);
  block.u32(lengthOnWire);
  block.padded(octets);
  if (comment !== undefined) block.option(COMMENT, comment);
  block.option(FLAGS, flags);
  block.option(END_OF_OPTIONS, NOTHING);
  return block.octets;
}

/** What came of a capture so far, or in all. `comment`: why it ended. */
export function captureStatistics(
  { nanoseconds, lost, comment }: {
    readonly nanoseconds: bigint;
    readonly lost: number;
    readonly comment: string | undefined;
  },
): Uint8Array {
  const why = comment === undefined ? undefined : text(comment);
  const dropped = new Uint8Array(8);
  new DataView(dropped.buffer).setUint32(0, lost, IS_LITTLE);
  const length = 12 + (why === undefined ? 0 : optionLength(why)) + optionLength(dropped) + END;
  const block = new Block(STATISTICS, length);
  block.u32(0);
  block.time(nanoseconds);
  if (why !== undefined) block.option(COMMENT, why);
  block.option(DROPPED_BY_INTERFACE, dropped);
  block.option(END_OF_OPTIONS, NOTHING);
  return block.octets;
}

/** As most machines are. */
const IS_LITTLE = true;

/** Type and length before a body, and the length behind it. */
const AROUND = 12;
/** An option's code and length. */
const OPTION = 4;
/** The option that is the last. */
const END = OPTION;

/** A block on its way to be written, from its first octet to its last. */
class Block {
  readonly octets: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #at = 0;

  constructor(type: number, bodyLength: number) {
    const length = bodyLength + AROUND;
    this.octets = new Uint8Array(length);
    this.#view = new DataView(this.octets.buffer);
    this.#view.setUint32(length - 4, length, IS_LITTLE);
    this.u32(type);
    this.u32(length);
  }

  u16(value: number): void {
    this.#view.setUint16(this.#at, value, IS_LITTLE);
    this.#at += 2;
  }

  u32(value: number): void {
    this.#view.setUint32(this.#at, value, IS_LITTLE);
    this.#at += 4;
  }

  /** The upper word first, in either order of octets. */
  time(nanoseconds: bigint): void {
    this.u32(Number(nanoseconds >> 32n));
    this.u32(Number(nanoseconds & 0xffff_ffffn));
  }

  padded(value: Uint8Array): void {
    this.octets.set(value, this.#at);
    this.#at += paddedLength(value);
  }

  option(code: number, value: Uint8Array): void {
    this.u16(code);
    this.u16(value.length);
    this.padded(value);
  }
}

const NOTHING = new Uint8Array(0);
const ENCODER = new TextEncoder();

function text(value: string): Uint8Array {
  return ENCODER.encode(value);
}

function paddedLength({ length }: Uint8Array): number {
  return (length + 3) & ~3;
}

function optionLength(value: Uint8Array): number {
  return OPTION + paddedLength(value);
}
