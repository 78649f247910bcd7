/**
 * Time, as whatever waits or measures is given it. The real clock is the machine's. The virtual one stands still until it is
 * told to move, so that an hour of the control plane takes no time and is the same every time.
 */

export interface Clock {
  /** Milliseconds that never go back. Where they begin means nothing. */
  now(): number;
  /** Milliseconds since 1970 in UTC, for what another machine or another run of the program compares. */
  sinceEpoch(): number;
  /** Calls `call` once, when `delayMs` have passed. */
  after(delayMs: number, call: () => void): Timer;
}

/** A call that is due later. */
export interface Timer {
  /** It will not be made. When it has been made already, this does nothing. */
  cancel(): void;
}

/** The same clock, but for where it begins. */
export function shifted(clock: Clock, ms: number): Clock {
  return {
    now: () => clock.now() + ms,
    sinceEpoch: () => clock.sinceEpoch(),
    after: (delayMs, call) => clock.after(delayMs, call),
  };
}

/** The most that setTimeout can wait: a larger number makes it call at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** The machine's time. */
export const REAL_CLOCK: Clock = {
  now: () => performance.now(),
  sinceEpoch: () => Date.now(),
  after(delayMs, call) {
    const timer = setTimeout(call, Math.min(delayMs, LONGEST_MS));
    return { cancel: () => clearTimeout(timer) };
  },
};

/** When this thread began, in milliseconds since 1970. On Deno performance.now() begins with each thread. */
const THREAD_BEGAN_MS = performance.timeOrigin;

/** Milliseconds that all threads of this process count alike, and that never go back. */
export function nowInAllThreads(): number {
  return THREAD_BEGAN_MS + performance.now();
}

interface DueCall {
  readonly dueMs: number;
  readonly call: () => void;
}

/** Time that stands still until it is told to move. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  readonly #startMs: number;
  /** The next one first; those that are due at the same time in the order in which they were asked for. */
  readonly #due: DueCall[] = [];

  /** `startMs`: what `sinceEpoch` says at first. */
  constructor(startMs = 0) {
    this.#startMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  sinceEpoch(): number {
    return this.#startMs + this.#nowMs;
  }

  after(delayMs: number, call: () => void): Timer {
    const due = { dueMs: this.#nowMs + Math.max(0, delayMs), call };
    this.#due.splice(this.#firstAfter(due.dueMs), 0, due);
    return {
      cancel: () => {
        const index = this.#due.lastIndexOf(due, this.#firstAfter(due.dueMs) - 1);
        if (index >= 0) this.#due.splice(index, 1);
      },
    };
  }

  /** Where the first call is that is due later, by halves: a thousand backends have thousands of calls that are due. */
  #firstAfter(ms: number): number {
    let [from, to] = [0, this.#due.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.#due[middle]!.dueMs > ms) to = middle;
      else from = middle + 1;
    }
    return from;
  }

  /** Calls that are due later. */
  get waiting(): number {
    return this.#due.length;
  }

  /** Moves on by `ms`: makes the calls that become due, in order, and lets what awaits them go on in between. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await turnOfTheLoop();
    for (let next = this.#due[0]; next !== undefined && next.dueMs <= endMs; next = this.#due[0]) {
      this.#due.shift();
      this.#nowMs = next.dueMs;
      next.call();
      await promisesToGoOn();
    }
    this.#nowMs = endMs;
  }
}

/** Resolves when every promise that can go on has gone on, and what came from outside has been looked at. */
export function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Resolves when every promise that can go on has gone on: cheaper than a turn of the loop, which looks outside as well. */
function promisesToGoOn(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
