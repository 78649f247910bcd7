/** Writes pcapng (pcapng.ts draws it), each frame with a comment, as Wireshark shows it. */

import { BYTE_ORDER, END_OF_OPTIONS, ENHANCED, INTERFACE, SECTION, TIME_RESOLUTION } from "./pcapng.ts";
import { ETHERNET } from "./format.ts";

const COMMENT = 1;
/** Of a section: the program that wrote it. Of an interface: its name. Of a frame: flags. */
const APPLICATION = 4;
const INTERFACE_NAME = 2;
const FLAGS = 2;

/** 10^-9 seconds. */
const NANOSECONDS = 9;

export type Direction = "in" | "out";

/** The lowest two bits of a frame's flags. */
const DIRECTIONS: Readonly<Record<Direction, number>> = { in: 1, out: 2 };

export interface FrameToWrite {
  readonly octets: Uint8Array;
  /** Octets that it had. */
  readonly lengthOnWire: number;
  /** Since 1970. */
  readonly nanoseconds: bigint;
  readonly direction: Direction;
  readonly comment: string;
}

/** What a file begins with: a section, and the one interface of all its frames. */
export function captureHeader(interfaceName: string): Uint8Array {
  const unknownLength = u32(-1, -1);
  const section = block(SECTION, [
    u32(BYTE_ORDER),
    u16(1, 0),
    unknownLength,
    option(APPLICATION, text("oneip")),
    option(END_OF_OPTIONS),
  ]);
  const description = block(INTERFACE, [
    u16(ETHERNET, 0),
    u32(0),
    option(INTERFACE_NAME, text(interfaceName)),
    option(TIME_RESOLUTION, Uint8Array.of(NANOSECONDS)),
    option(END_OF_OPTIONS),
  ]);
  return joined([section, description]);
}

export function captureFrame(frame: FrameToWrite): Uint8Array {
  const { octets, lengthOnWire, nanoseconds, direction, comment } = frame;
  const time = [Number(nanoseconds >> 32n), Number(nanoseconds & 0xffff_ffffn)];
  return block(ENHANCED, [
    u32(0, ...time, octets.length, lengthOnWire),
    padded(octets),
    option(COMMENT, text(comment)),
    option(FLAGS, u32(DIRECTIONS[direction])),
    option(END_OF_OPTIONS),
  ]);
}

function block(type: number, body: readonly Uint8Array[]): Uint8Array {
  const length = u32(body.reduce((sum, part) => sum + part.length, 12));
  return joined([u32(type), length, ...body, length]);
}

function option(code: number, value: Uint8Array = new Uint8Array(0)): Uint8Array {
  return joined([u16(code, value.length), padded(value)]);
}

function padded(octets: Uint8Array): Uint8Array {
  const all = new Uint8Array(Math.ceil(octets.length / 4) * 4);
  all.set(octets);
  return all;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** Little-endian, as most machines are. */
function u16(...values: readonly number[]): Uint8Array {
  return words(2, values, (view, at, value) => view.setUint16(at, value, true));
}

function u32(...values: readonly number[]): Uint8Array {
  return words(4, values, (view, at, value) => view.setUint32(at, value, true));
}

function words(
  size: number,
  values: readonly number[],
  set: (view: DataView, at: number, value: number) => void,
): Uint8Array {
  const view = new DataView(new ArrayBuffer(size * values.length));
  for (const [index, value] of values.entries()) set(view, index * size, value);
  return new Uint8Array(view.buffer);
}
