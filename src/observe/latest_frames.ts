/** The latest frames that were seen, as many as there is room for. */

export interface ObservedFrame {
  /** Nanoseconds since 1970. */
  readonly nanoseconds: bigint;
  /** Where: its place in the list of interfaces. */
  readonly interface: number;
  /** The node sends it there; else it receives it. */
  readonly isOutgoing: boolean;
  /** Its beginning; bulk data is of no use to anyone. */
  readonly octets: Uint8Array;
  readonly lengthOnWire: number;
}

/** Octets of frames that are kept. */
const ROOM = 64 << 20;
/** What a frame takes besides its octets. */
const AROUND = 200;

/** Frames are numbered from 0 on, in the order in which they came. */
export class LatestFrames {
  #frames: ObservedFrame[] = [];
  /** Those before it have gone, but for their places. */
  #head = 0;
  #first = 0;
  #octets = 0;
  readonly #room: number;

  constructor(room = ROOM) {
    this.#room = room;
  }

  /** The number of the oldest that is kept. */
  get first(): number {
    return this.#first;
  }

  /** The number of the next one. */
  get next(): number {
    return this.#first + this.#frames.length - this.#head;
  }

  add(frame: ObservedFrame): void {
    this.#frames.push(frame);
    this.#octets += AROUND + frame.octets.length;
    while (this.#octets > this.#room) this.#forget();
  }

  #forget(): void {
    this.#octets -= AROUND + this.#frames[this.#head]!.octets.length;
    this.#head++;
    this.#first++;
    if (this.#head < this.#frames.length / 2) return;
    this.#frames = this.#frames.slice(this.#head);
    this.#head = 0;
  }

  /** From this number on, in the order of their time: interfaces are read one after another. */
  since(number: number): ObservedFrame[] {
    const from = this.#head + Math.max(0, number - this.#first);
    return this.#frames.slice(from).sort((one, other) => Number(one.nanoseconds - other.nanoseconds));
  }
}
