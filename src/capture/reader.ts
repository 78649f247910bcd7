/** Reads the frames of a capture one after another, pcapng or classic pcap, in memory of a fixed size. */

import { Classic } from "./classic.ts";
import { CapturedFrame, type Format } from "./format.ts";
import { Octets, type Read } from "./octets.ts";
import { Pcapng } from "./pcapng.ts";

const GZIP = 0x1f8b;

export class CaptureReader {
  /** The one in hand, in `bytes` until `next` is called again. */
  readonly frame = new CapturedFrame();
  readonly #octets: Octets;
  #format: Format | undefined;

  /** `name` is the file's, for errors. */
  constructor(read: Read, name: string) {
    this.#octets = new Octets(read, name);
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#octets.bytes;
  }

  /** Goes on to the next frame; false at the end. Throws CaptureError where the file is no capture of an Ethernet, or damaged. */
  next(): boolean {
    this.#format ??= this.#open();
    return this.#format.next(this.frame);
  }

  #open(): Format {
    const octets = this.#octets;
    if (!octets.has(4)) throw octets.error(`it is no capture, found ${octets.there} octets`);
    const format = Classic.open(octets) ?? Pcapng.open(octets);
    if (format === undefined) throw octets.error(this.#whatItIs());
    return format;
  }

  #whatItIs(): string {
    const { view, at } = this.#octets;
    if (view.getUint16(at) === GZIP) return 'it is compressed, found gzip, use what "zcat FILE" prints';
    const found = view.getUint32(at).toString(16).padStart(8, "0");
    return `it is neither pcapng nor pcap, found 0x${found} at its start, use a file that tcpdump -w or Wireshark wrote`;
  }
}

/** Reads a capture that is in memory. `name` is for errors. */
export function readerIn(octets: Uint8Array, name: string): CaptureReader {
  let at = 0;
  return new CaptureReader((into) => {
    const part = octets.subarray(at, at + into.length);
    into.set(part);
    at += part.length;
    return part.length;
  }, name);
}

/** The frames of a capture that is in memory, oldest first, each as it was captured. Throws CaptureError. */
export function readCapture(octets: Uint8Array, name = "capture"): Uint8Array[] {
  const reader = readerIn(octets, name);
  const frames: Uint8Array[] = [];
  while (reader.next()) {
    const { at, length } = reader.frame;
    frames.push(reader.bytes.slice(at, at + length));
  }
  return frames;
}
