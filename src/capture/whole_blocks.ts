/**
 * Cuts a stream of pcapng (pcapng.ts draws it) into its whole blocks as it comes, and says what they tell: how many frames there were, and
 * what the statistics say. For what oneip writes: of its order of octets, and with nothing but such options.
 */

import { COMMENT, DROPPED_BY_INTERFACE, END_OF_OPTIONS, ENHANCED, STATISTICS } from "./pcapng.ts";

/** Type and length. */
const HEADER = 8;
/** What stands in statistics before the options, with the header. */
const STATISTICS_OPTIONS = 20;

export class WholeBlocks {
  /** As the statistics say. */
  lost = 0;
  comment: string | undefined;
  #rest: Uint8Array = new Uint8Array(0);

  /** The next octets of the stream. The blocks that are whole by now, one after another. */
  add(octets: Uint8Array): Uint8Array {
    const all = this.#rest.length === 0 ? octets : Buffer.concat([this.#rest, octets]);
    const end = endOfBlocks(all, (block, type) => {
      if (type === STATISTICS) this.#hear(block);
    });
    this.#rest = all.slice(end);
    return all.subarray(0, end);
  }

  #hear(block: Uint8Array): void {
    const view = new DataView(block.buffer, block.byteOffset, block.length);
    for (let at = STATISTICS_OPTIONS; view.getUint16(at, true) !== END_OF_OPTIONS;) {
      const [code, length] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
      const value = block.subarray(at + 4, at + 4 + length);
      if (code === COMMENT) this.comment = new TextDecoder().decode(value);
      if (code === DROPPED_BY_INTERFACE) this.lost = view.getUint32(at + 4, true);
      at += 4 + Math.ceil(length / 4) * 4;
    }
  }
}

/** How many frames are in these whole blocks. */
export function framesIn(blocks: Uint8Array): number {
  let frames = 0;
  endOfBlocks(blocks, (_, type) => frames += type === ENHANCED ? 1 : 0);
  return frames;
}

/** Where the last whole block ends. */
export function endOfBlocks(
  octets: Uint8Array,
  whole: (block: Uint8Array, type: number) => void = () => {},
): number {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
  let at = 0;
  while (at + HEADER <= octets.length) {
    const length = view.getUint32(at + 4, true);
    if (at + length > octets.length) break;
    whole(octets.subarray(at, at + length), view.getUint32(at, true));
    at += length;
  }
  return at;
}
