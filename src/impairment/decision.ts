/** What becomes of a frame. */

/** It arrives, as the rest of the decision says. */
export const PASSED = 0;
/** By the seed. */
export const LOST = 1;
/** There was no link at that time. */
export const DOWN = 2;
/** As many frames as may wait for their turn did so. */
export const QUEUE = 3;
/** As many octets were under way as are held at most. */
export const OVERFLOW = 4;

/** By fate, in the order of the numbers. */
export const FATES = ["passed", "lost", "down", "queue", "overflow"] as const;

/** No bit is flipped. */
export const NO_BIT = -1;

/** Written anew for each frame. */
export class Decision {
  fate = PASSED;
  /** Without the time that it waits for its turn at a rate. */
  delayUs = 0;
  isDuplicated = false;
  isReordered = false;
  /** The bit that is flipped, counted from the first of the Ethernet header; NO_BIT for none. */
  corruptBit = NO_BIT;
}

/** Decides on the frames of a direction, one after the other. */
export interface Decisions {
  /** What becomes of the next frame, of `length` octets, as far as that depends on no time. */
  next(length: number, into: Decision): void;
}
