/** What one direction of a link does to its frames. */

export interface Settings {
  /** How long a frame is on its way. */
  readonly delayUs: number;
  /** A frame takes so much longer or shorter than `delayUs`, at most; each value in between is as likely. */
  readonly jitterUs: number;
  /** Shares of the frames, from 0 to 1: those that are lost, */
  readonly loss: number;
  /** that arrive twice, */
  readonly duplicate: number;
  /** that the next one overtakes, */
  readonly reorder: number;
  /** and of which one bit is flipped. */
  readonly corrupt: number;
  /** Bits a second of whole Ethernet frames, without preamble and checksum, as tc(8) counts; 0: as fast as they come. */
  readonly rate: number;
  /** How many frames may wait for their turn at this rate. */
  readonly queue: number;
  /** The same seed makes the same decisions. */
  readonly seed: number;
  /** Nothing gets through: always, or between two times that count from the moment at which this was set, in microseconds. */
  readonly down: boolean | readonly [fromUs: number, untilUs: number];
}

/** A good link. */
export const HARMLESS: Settings = {
  delayUs: 0,
  jitterUs: 0,
  loss: 0,
  duplicate: 0,
  reorder: 0,
  corrupt: 0,
  rate: 0,
  queue: 1000,
  seed: 0,
  down: false,
};
