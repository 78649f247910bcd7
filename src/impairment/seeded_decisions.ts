/**
 * Decisions by a seed. What is drawn for a frame follows from the seed, the stream and the frame's number alone, so it is the same
 * however many numbers are drawn for other frames, and whatever shares are set: a frame that is lost at 1 % is lost at 5 % too.
 */

import { ofWords } from "../table/hash.ts";
import { type Decision, type Decisions, LOST, NO_BIT, PASSED } from "./decision.ts";
import type { Settings } from "./settings.ts";

/** What a number is drawn for. */
const LOSS = 0;
const DUPLICATE = 1;
const REORDER = 2;
const CORRUPT = 3;
const WHICH_BIT = 4;
const JITTER = 5;
/** So many numbers could be drawn for a frame. */
const DRAWS = 8;

const WORD = 2 ** 32;

export class SeededDecisions implements Decisions {
  readonly #stream: number;
  readonly #settings: Settings;
  readonly #seed: number;
  #frame = 0;
  #wasReordered = false;

  /** `stream`: another number for each direction, so that no two decide alike. */
  constructor(settings: Settings, stream: number) {
    this.#stream = stream;
    this.#settings = settings;
    this.#seed = ofWords(settings.seed, stream, 0);
  }

  /** Other settings from the next frame on. */
  changedTo(settings: Settings): SeededDecisions {
    const changed = new SeededDecisions(settings, this.#stream);
    changed.#frame = this.#frame;
    changed.#wasReordered = this.#wasReordered;
    return changed;
  }

  next(length: number, into: Decision): void {
    const { loss, duplicate, reorder, corrupt, delayUs, jitterUs } = this.#settings;
    into.fate = this.#happens(loss, LOSS) ? LOST : PASSED;
    into.isDuplicated = this.#happens(duplicate, DUPLICATE);
    // A frame that overtakes another one cannot be overtaken itself: of two in a row it is the first.
    into.isReordered = !this.#wasReordered && this.#happens(reorder, REORDER);
    this.#wasReordered = into.isReordered;
    into.corruptBit = this.#happens(corrupt, CORRUPT)
      ? Math.floor(this.#draw(WHICH_BIT) / WORD * length * 8)
      : NO_BIT;
    into.delayUs = jitterUs === 0
      ? delayUs
      : Math.max(0, Math.round(delayUs + jitterUs * (this.#draw(JITTER) / WORD * 2 - 1)));
    this.#frame++;
  }

  #happens(share: number, what: number): boolean {
    return share > 0 && this.#draw(what) < share * WORD;
  }

  /** Uniform in 0..2^32-1. */
  #draw(what: number): number {
    const word = Math.floor(this.#frame / WORD);
    return ofWords(this.#frame | 0, word * DRAWS + what, this.#seed) >>> 0;
  }
}
