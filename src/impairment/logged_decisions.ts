/** Decisions that were made before, once more: the n-th frame of a direction meets what the n-th one in the log has met. */

import { type Decision, type Decisions, NO_BIT, PASSED } from "./decision.ts";

const DUPLICATED = 0x100;
const REORDERED = 0x200;
const FATE = 0xff;

export class LoggedDecisions implements Decisions {
  /** Of each frame three numbers: its fate with the two flags, its delay, its bit. */
  readonly #decisions: Int32Array;
  #frame = 0;

  constructor(decisions: Iterable<Decision>) {
    const numbers: number[] = [];
    for (const { fate, delayUs, isDuplicated, isReordered, corruptBit } of decisions) {
      numbers.push(
        fate | (isDuplicated ? DUPLICATED : 0) | (isReordered ? REORDERED : 0),
        delayUs,
        corruptBit,
      );
    }
    this.#decisions = Int32Array.from(numbers);
  }

  /** How many there are. */
  get length(): number {
    return this.#decisions.length / 3;
  }

  /** Begins with the first one again. */
  restart(): void {
    this.#frame = 0;
  }

  /** Frames after the last one in the log pass unharmed. */
  next(length: number, into: Decision): void {
    const at = this.#frame * 3;
    const isKnown = at < this.#decisions.length;
    const word = isKnown ? this.#decisions[at]! : PASSED;
    const bit = isKnown ? this.#decisions[at + 2]! : NO_BIT;
    into.fate = word & FATE;
    into.isDuplicated = (word & DUPLICATED) !== 0;
    into.isReordered = (word & REORDERED) !== 0;
    into.delayUs = isKnown ? this.#decisions[at + 1]! : 0;
    // The frame may be a shorter one this time.
    into.corruptBit = bit === NO_BIT ? NO_BIT : bit % (length * 8);
    this.#frame++;
  }
}
