/**
 * One direction of a link: frames go in, and come out as the settings and the seed say. What becomes of a frame is decided when it
 * comes, in the order in which it would meet it on a wire:
 *
 *     is there a link? ── may it wait for its turn? ── its turn, at the rate ── lost? ── delayed, doubled, overtaken, changed
 *
 * Time is an argument, in microseconds that never go back. Nothing is allocated for a frame but a view on its octets where it is held.
 */

import { Decision, DOWN, LOST, NO_BIT, OVERFLOW, PASSED, QUEUE } from "./decision.ts";
import { HeldFrames } from "./held_frames.ts";
import type { LoggedDecisions } from "./logged_decisions.ts";
import { SeededDecisions } from "./seeded_decisions.ts";
import type { Settings } from "./settings.ts";
import { Transmitter } from "./transmitter.ts";

/** A frame that is to be overtaken, and after which none comes, goes on when it has waited for so long. */
const OVERTAKEN_WITHIN_US = 10_000;

/** Octets that are held at most. */
const MOST_HELD = 1 << 24;

/** The longest frame: an MTU of 65,535, an Ethernet header and two VLAN tags. */
export const LONGEST_FRAME = 65_557;

/** What became of the frames so far. */
export class Counts {
  /** All that came; also the number of the next one. */
  frames = 0;
  octets = 0;
  passed = 0;
  lost = 0;
  down = 0;
  queue = 0;
  overflow = 0;
  /** Of those that passed. */
  duplicated = 0;
  reordered = 0;
  corrupted = 0;
}

export class Direction {
  /** Of the latest frame. */
  readonly decision = new Decision();
  readonly #stream: number;
  readonly #log: LoggedDecisions | undefined;
  readonly #transmitter = new Transmitter();
  readonly #held: HeldFrames;
  #settings: Settings;
  #seeded: SeededDecisions;
  #counts = new Counts();
  #downSetUs: number;
  /** When the last one that is held is due: none that comes later may arrive before it. */
  #lastDueUs = 0;
  /** The frame that lets the next one overtake it, if its length is not 0. */
  #aside = new Uint8Array(0);
  #asideLength = 0;
  #asideCopies = 0;
  #asideDueUs = 0;
  #asideNumber = 0;
  #number = 0;

  /** `stream`: another number for each direction. `log`: decides in place of the settings, of which only the rate is heeded then. */
  constructor(
    stream: number,
    settings: Settings,
    nowUs: number,
    log?: LoggedDecisions,
    mostHeld = MOST_HELD,
  ) {
    this.#stream = stream;
    this.#settings = settings;
    this.#seeded = new SeededDecisions(settings, stream);
    this.#log = log;
    this.#held = new HeldFrames(mostHeld);
    this.#downSetUs = nowUs;
    this.#transmitter.set(settings.rate, settings.queue);
  }

  get settings(): Settings {
    return this.#settings;
  }

  get counts(): Readonly<Counts> {
    return this.#counts;
  }

  /** Frames that came since it was made: also the number of the next one. */
  get frames(): number {
    return this.#number;
  }

  /** The number of the frame that was taken last. */
  get taken(): number {
    return this.#held.taken;
  }

  /** When the latest one that is held is due, or was: then what has just come arrives, unless it is lost or is to be overtaken. */
  get latestUs(): number {
    return this.#lastDueUs;
  }

  /** Frames that are under way, or wait for their turn. */
  get held(): number {
    return this.#held.count + (this.#asideLength > 0 ? 1 : 0);
  }

  /**
   * Changes some settings from the next frame on. What is under way stays so. The times of `down` count from now if they are among them,
   * and a seed, be it the same, begins with frame 0.
   */
  set(changes: Partial<Settings>, nowUs: number): void {
    this.#settings = { ...this.#settings, ...changes };
    this.#seeded = this.#seeded.changedTo(this.#settings);
    if (changes.down !== undefined) this.#downSetUs = nowUs;
    if (changes.seed !== undefined) this.#begin();
    this.#transmitter.set(this.#settings.rate, this.#settings.queue);
  }

  /** Begins anew with frame 0 and with the time from which `down` counts. What is under way stays so. */
  restart(nowUs: number): void {
    this.#downSetUs = nowUs;
    this.#begin();
  }

  /**
   * Takes the frame of `length` octets that stands in `slot`, and may change it there. So many times it arrives at once. `holdsAll`: what
   * would arrive at once is held, too, and due now.
   */
  receive(slot: Uint8Array, length: number, nowUs: number, holdsAll = false): number {
    const { decision } = this;
    this.#number++;
    this.#counts.frames++;
    this.#counts.octets += length;
    if (this.#log === undefined) {
      this.#seeded.next(length, decision);
      if (this.#isDown(nowUs)) decision.fate = DOWN;
      else if (this.#transmitter.isFull(nowUs)) decision.fate = QUEUE;
    } else this.#log.next(length, decision);
    const copies = decision.fate === PASSED || decision.fate === LOST
      ? this.#carry(slot, length, nowUs, holdsAll)
      : 0;
    this.#count();
    return copies;
  }

  /** When the next frame that is held is due; Infinity where none is. */
  get dueUs(): number {
    return Math.min(
      this.#held.dueUs,
      this.#asideLength > 0 ? this.#asideDueUs + OVERTAKEN_WITHIN_US : Infinity,
    );
  }

  /** Moves a frame that is due into `slot`: its length, 0 where none is. */
  take(slot: Uint8Array, nowUs: number): number {
    if (this.#held.dueUs <= nowUs) return this.#held.take(slot);
    if (this.dueUs > nowUs) return 0;
    this.#releaseAside(nowUs);
    return this.#held.take(slot);
  }

  #begin(): void {
    this.#seeded = new SeededDecisions(this.#settings, this.#stream);
    this.#log?.restart();
    this.#counts = new Counts();
  }

  #isDown(nowUs: number): boolean {
    const { down } = this.#settings;
    if (typeof down === "boolean") return down;
    return nowUs - this.#downSetUs >= down[0] && nowUs - this.#downSetUs < down[1];
  }

  #carry(slot: Uint8Array, length: number, nowUs: number, holdsAll: boolean): number {
    const { decision } = this;
    // A frame that is lost on its way has taken its turn like any other.
    const leftUs = this.#transmitter.send(length, nowUs);
    if (decision.fate === LOST) return 0;
    const bit = decision.corruptBit;
    if (bit !== NO_BIT) slot[bit >>> 3]! ^= 0x80 >>> (bit & 7);
    const copies = decision.isDuplicated ? 2 : 1;
    const dueUs = Math.max(leftUs + decision.delayUs, this.#lastDueUs);
    if (decision.isReordered) {
      this.#setAside(slot, length, dueUs, copies);
      return 0;
    }
    const isHeld = holdsAll || dueUs > nowUs || this.#held.count > 0;
    if (isHeld) {
      if (this.#held.push(slot, length, dueUs, copies, this.#number - 1)) this.#lastDueUs = dueUs;
      else decision.fate = OVERFLOW;
    }
    this.#releaseAside(dueUs);
    return isHeld ? 0 : copies;
  }

  #setAside(slot: Uint8Array, length: number, dueUs: number, copies: number): void {
    // Nothing has overtaken the one before: all that came since was lost.
    this.#releaseAside(dueUs);
    if (this.#aside.length === 0) this.#aside = new Uint8Array(LONGEST_FRAME);
    this.#aside.set(slot.subarray(0, length));
    this.#asideLength = length;
    this.#asideCopies = copies;
    this.#asideDueUs = dueUs;
    this.#asideNumber = this.#number - 1;
  }

  /** What was set aside arrives at this time, or later if it would do so by itself. */
  #releaseAside(dueUs: number): void {
    if (this.#asideLength === 0) return;
    const latestUs = Math.max(dueUs, this.#asideDueUs, this.#lastDueUs);
    if (this.#held.push(this.#aside, this.#asideLength, latestUs, this.#asideCopies, this.#asideNumber)) {
      this.#lastDueUs = latestUs;
    } else {
      // It was taken for one that passes.
      this.#counts.passed--;
      this.#counts.overflow++;
    }
    this.#asideLength = 0;
  }

  #count(): void {
    const counts = this.#counts;
    const { fate, isDuplicated, isReordered, corruptBit } = this.decision;
    if (fate === PASSED) {
      counts.passed++;
      if (isDuplicated) counts.duplicated++;
      if (isReordered) counts.reordered++;
      if (corruptBit !== NO_BIT) counts.corrupted++;
    } else if (fate === LOST) counts.lost++;
    else if (fate === DOWN) counts.down++;
    else if (fate === QUEUE) counts.queue++;
    else counts.overflow++;
  }
}
