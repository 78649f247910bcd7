/**
 * Frames that are under way, first in, first out, in memory that grows as it is needed, up to a bound. A frame's octets stand together,
 * so the end of the memory stays unused where the next frame does not fit in there.
 *
 *     |  free  | first | ... | last |   free   |          | ... | last |  free  | first | ... | unused |
 *              head                 tail                             tail      head
 */

/** At the beginning. */
const OCTETS = 1 << 16;
const FRAMES = 1 << 6;

/** So few octets are copied faster one by one than by a view on them. */
const SHORT = 128;

export class HeldFrames {
  readonly #most: number;
  #octets = new Uint8Array(0);
  #head = 0;
  #tail = 0;
  /** Of each frame, in rings of one length. */
  #at = new Int32Array(0);
  #lengths = new Int32Array(0);
  #copies = new Int32Array(0);
  #numbers = new Float64Array(0);
  #due = new Float64Array(0);
  #first = 0;
  #count = 0;
  /** The number of the frame that was taken last. */
  taken = 0;

  /** `most`: octets, a power of two from 64 KiB on. */
  constructor(most: number) {
    this.#most = most;
  }

  get count(): number {
    return this.#count;
  }

  /** When the first one is due; Infinity where there is none. */
  get dueUs(): number {
    return this.#count === 0 ? Infinity : this.#due[this.#first]!;
  }

  /**
   * Keeps a frame, which is due no earlier than the one before it, to be taken `copies` times. False when there is no room. `number`: by
   * which it is known again.
   */
  push(frame: Uint8Array, length: number, dueUs: number, copies: number, number = 0): boolean {
    let at = this.#placeFor(length);
    while (at < 0) {
      if (this.#octets.length >= this.#most) return false;
      this.#grow();
      at = this.#placeFor(length);
    }
    if (this.#count === this.#due.length) this.#growRings();
    this.#octets.set(frame.length === length ? frame : frame.subarray(0, length), at);
    this.#tail = at + length;
    const last = (this.#first + this.#count++) & (this.#due.length - 1);
    this.#at[last] = at;
    this.#lengths[last] = length;
    this.#copies[last] = copies;
    this.#numbers[last] = number;
    this.#due[last] = dueUs;
    return true;
  }

  /** Copies the first one, of which there must be one, into `slot`. Its length. */
  take(slot: Uint8Array): number {
    const first = this.#first;
    const at = this.#at[first]!;
    const length = this.#lengths[first]!;
    if (length > SHORT) slot.set(this.#octets.subarray(at, at + length));
    else for (let octet = 0; octet < length; octet++) slot[octet] = this.#octets[at + octet]!;
    this.taken = this.#numbers[first]!;
    if (--this.#copies[first]! > 0) return length;
    this.#first = (first + 1) & (this.#due.length - 1);
    this.#count--;
    this.#head = this.#count === 0 ? 0 : this.#at[this.#first]!;
    if (this.#count === 0) this.#tail = 0;
    return length;
  }

  /** Where a frame of this length can stand; -1 where it cannot. */
  #placeFor(length: number): number {
    if (this.#count > 0 && this.#tail <= this.#head) {
      return this.#head - this.#tail >= length ? this.#tail : -1;
    }
    if (this.#octets.length - this.#tail >= length) return this.#tail;
    return this.#head >= length ? 0 : -1;
  }

  /** Twice the memory; the frames stand at its beginning. */
  #grow(): void {
    const octets = new Uint8Array(Math.max(OCTETS, this.#octets.length * 2));
    let tail = 0;
    for (let index = 0; index < this.#count; index++) {
      const frame = (this.#first + index) & (this.#due.length - 1);
      const at = this.#at[frame]!;
      octets.set(this.#octets.subarray(at, at + this.#lengths[frame]!), tail);
      this.#at[frame] = tail;
      tail += this.#lengths[frame]!;
    }
    this.#octets = octets;
    this.#head = 0;
    this.#tail = tail;
  }

  #growRings(): void {
    const size = Math.max(FRAMES, this.#due.length * 2);
    const inOrder = <Ring extends Int32Array | Float64Array>(from: Ring, to: Ring): Ring => {
      for (let index = 0; index < this.#count; index++) {
        to[index] = from[(this.#first + index) & (from.length - 1)]!;
      }
      return to;
    };
    this.#at = inOrder(this.#at, new Int32Array(size));
    this.#lengths = inOrder(this.#lengths, new Int32Array(size));
    this.#copies = inOrder(this.#copies, new Int32Array(size));
    this.#numbers = inOrder(this.#numbers, new Float64Array(size));
    this.#due = inOrder(this.#due, new Float64Array(size));
    this.#first = 0;
  }
}
