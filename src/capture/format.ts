/** What both formats of capture files have in common: a frame, where it stands, and what can be wrong. */

import { UsageError } from "../input/errors.ts";

/** The frame in hand: one record, refilled for each. */
export class CapturedFrame {
  /** Where it begins in `Octets.bytes`, and how many octets of it were kept. */
  at = 0;
  length = 0;
  /** Octets that it had. */
  lengthOnWire = 0;
  /** When: seconds since 1970, and units after that, as two words of 32 bits. */
  seconds = 0;
  high = 0;
  low = 0;
  unitsPerSecond = 1_000_000;

  /** Since 1970. */
  get nanoseconds(): bigint {
    const units = (BigInt(this.high) << 32n) | BigInt(this.low);
    return units * 1_000_000_000n / BigInt(this.unitsPerSecond) + BigInt(this.seconds) * 1_000_000_000n;
  }
}

export interface Format {
  /** Goes on to the next frame; false at the end of the file. Throws CaptureError. */
  next(frame: CapturedFrame): boolean;
}

/** The file cannot be read on from here. */
export class CaptureError extends UsageError {
  override name = "CaptureError";

  constructor(file: string, offset: number, message: string) {
    super(`${file}: octet ${offset}: ${message}`);
  }
}

/** As libpcap has it (MAXIMUM_SNAPLEN): no frame of an Ethernet is longer, so a length that is more is none. */
export const LONGEST_FRAME = 262_144;

export const ETHERNET = 1;

/** Link types that captures have most often, https://www.tcpdump.org/linktypes.html. */
const LINK_TYPES: Readonly<Record<number, string>> = {
  0: "BSD loopback",
  9: "PPP",
  101: "raw IP",
  105: "IEEE 802.11",
  113: "Linux cooked",
  127: "IEEE 802.11 with radiotap",
  276: "Linux cooked v2",
};

export function describeLinkType(linkType: number): string {
  const name = LINK_TYPES[linkType];
  const what = name === undefined ? `link type ${linkType}` : `link type ${linkType} (${name})`;
  return `the frames are not Ethernet, found ${what}, capture on one interface of type Ethernet`;
}
