/**
 * Time that stands still until it is told to move. It counts whole microseconds, and does in a browser what it does elsewhere.
 *
 * Two kinds of calls are due in it, in one order:
 *
 *     after(delayMs, call)    what a `Clock` promises; promises that it lets go on have gone on before the next call
 *     alarm(call)             for frames: set again and again without anything being made for it, and without that pause
 */

import { type Clock, type Timer, turnOfTheLoop } from "./clock.ts";

const US_PER_MS = 1000;

/** Calls between two questions whether `moveTo` may go on. */
const ASKED_EVERY = 256;

/** More calls than this at one time are a circle that never ends. */
const MOST_AT_ONE_TIME = 1_000_000;

/** Is in no heap. */
const UNSET = -1;

/** A call that may be due once at a time, and is set anew each time. */
export class Alarm {
  /** When it is due. */
  dueUs = 0;
  /** Of two that are due at the same time the one that was set first is called first. */
  order = 0;
  /** Where it stands in the heap. */
  place = UNSET;
  readonly call: () => void;
  /** Promises may wait for what it does. */
  readonly pauses: boolean;
  readonly #clock: VirtualClock;

  /** Use `VirtualClock.alarm`. */
  constructor(clock: VirtualClock, call: () => void, pauses: boolean) {
    this.#clock = clock;
    this.call = call;
    this.pauses = pauses;
  }

  get isSet(): boolean {
    return this.place !== UNSET;
  }

  /** It is due at this time, and at no other; at once where that has passed. */
  set(dueUs: number): void {
    this.#clock.enter(this, dueUs);
  }

  cancel(): void {
    this.#clock.leave(this);
  }
}

/** Time that stands still until it is told to move. */
export class VirtualClock implements Clock {
  #nowUs = 0;
  readonly #startMs: number;
  /** A heap: each one is due no later than the two below it, which stand at twice its place and one or two more. */
  readonly #heap: Alarm[] = [];
  #order = 0;
  #mustPause = false;
  /** Calls since time last moved. */
  #calls = 0;

  /** `startMs`: what `sinceEpoch` says at first. */
  constructor(startMs = 0) {
    this.#startMs = startMs;
  }

  now(): number {
    return this.#nowUs / US_PER_MS;
  }

  /** Microseconds since it began, a whole number. */
  get nowUs(): number {
    return this.#nowUs;
  }

  sinceEpoch(): number {
    return this.#startMs + this.now();
  }

  after(delayMs: number, call: () => void): Timer {
    const alarm = new Alarm(this, call, true);
    // Never too early: whoever finds that time is lacking would ask for nothing but that rest, again and again.
    alarm.set(this.#nowUs + Math.ceil(Math.max(0, delayMs) * US_PER_MS));
    return alarm;
  }

  /** A call without a pause behind it. Where it may let a promise go on, it says so with `pause`. */
  alarm(call: () => void): Alarm {
    return new Alarm(this, call, false);
  }

  /** The same once, at this time. */
  at(us: number, call: () => void): Alarm {
    const alarm = this.alarm(call);
    alarm.set(us);
    return alarm;
  }

  /** Promises go on before the next call. */
  pause(): void {
    this.#mustPause = true;
  }

  /** Calls that are due later. */
  get waiting(): number {
    return this.#heap.length;
  }

  /** When the next call is due; Infinity where there is none. */
  get nextUs(): number {
    return this.#heap[0]?.dueUs ?? Infinity;
  }

  /** Moves on by `ms`: makes the calls that become due, in order, and lets what awaits them go on in between. */
  async advance(ms: number): Promise<void> {
    const endUs = this.#nowUs + Math.round(ms * US_PER_MS);
    await turnOfTheLoop();
    while (this.nextUs <= endUs) {
      this.#callNext();
      if (this.#mustPause) await this.#letGoOn();
    }
    this.#nowUs = endUs;
  }

  /** Moves on to the next call and makes it. False where none is due, or none until `endUs`, to which time then moves on. */
  async step(endUs = Infinity): Promise<boolean> {
    if (this.#mustPause) await this.#letGoOn();
    if (this.nextUs > endUs || this.#heap.length === 0) {
      if (endUs !== Infinity) this.#nowUs = Math.max(this.#nowUs, endUs);
      return false;
    }
    this.#callNext();
    if (this.#mustPause) await this.#letGoOn();
    return true;
  }

  /**
   * Moves on to this time: makes the calls that are due before, and none that is due just then. `mayGoOn` is asked now and then: false
   * ends it before that time, and then this is false, too.
   */
  async moveTo(us: number, mayGoOn: () => boolean = () => true): Promise<boolean> {
    if (this.#mustPause) await this.#letGoOn();
    for (let calls = 1; this.nextUs < us; calls++) {
      if (calls % ASKED_EVERY === 0 && !mayGoOn()) return false;
      this.#callNext();
      if (this.#mustPause) await this.#letGoOn();
    }
    this.#nowUs = Math.max(this.#nowUs, us);
    return true;
  }

  #callNext(): void {
    const alarm = this.#heap[0]!;
    this.leave(alarm);
    if (alarm.dueUs > this.#nowUs) this.#calls = 0;
    this.#nowUs = alarm.dueUs;
    if (++this.#calls > MOST_AT_ONE_TIME) {
      throw new Error(`Time does not go on: more than ${MOST_AT_ONE_TIME} calls at ${this.#nowUs} us`);
    }
    if (alarm.pauses) this.#mustPause = true;
    alarm.call();
  }

  #letGoOn(): Promise<void> {
    this.#mustPause = false;
    return promisesToGoOn();
  }

  /** Use `Alarm.set`. */
  enter(alarm: Alarm, dueUs: number): void {
    this.leave(alarm);
    alarm.dueUs = Math.max(Math.ceil(dueUs), this.#nowUs);
    alarm.order = this.#order++;
    this.#rise(alarm, this.#heap.length);
  }

  /** Use `Alarm.cancel`. */
  leave(alarm: Alarm): void {
    const { place } = alarm;
    if (place === UNSET) return;
    alarm.place = UNSET;
    const last = this.#heap.pop()!;
    if (last === alarm) return;
    // The last one takes its place, and moves from there to where it belongs.
    if (place > 0 && isBefore(last, this.#heap[(place - 1) >>> 1]!)) this.#rise(last, place);
    else this.#sink(last, place);
  }

  #rise(alarm: Alarm, from: number): void {
    const heap = this.#heap;
    let place = from;
    while (place > 0) {
      const above = heap[(place - 1) >>> 1]!;
      if (!isBefore(alarm, above)) break;
      heap[place] = above;
      above.place = place;
      place = (place - 1) >>> 1;
    }
    heap[place] = alarm;
    alarm.place = place;
  }

  #sink(alarm: Alarm, from: number): void {
    const heap = this.#heap;
    let place = from;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++;
      const next = heap[below]!;
      if (!isBefore(next, alarm)) break;
      heap[place] = next;
      next.place = place;
      place = below;
    }
    heap[place] = alarm;
    alarm.place = place;
  }
}

function isBefore(one: Alarm, other: Alarm): boolean {
  return one.dueUs < other.dueUs || (one.dueUs === other.dueUs && one.order < other.order);
}

/** Resolves when every promise that can go on has gone on: cheaper than a turn of the loop, which looks outside as well. */
function promisesToGoOn(): Promise<void> {
  // Only a browser has no nextTick.
  return typeof process === "undefined"
    ? turnOfTheLoop()
    : new Promise((resolve) => process.nextTick(resolve));
}
