/**
 * Time, as whatever waits or measures is given it. The real clock is the machine's. The virtual one (virtual_clock.ts) stands still
 * until it is told to move, so that an hour of the control plane takes no time and is the same every time.
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

/** Resolves when every promise that can go on has gone on, and what came from outside has been looked at. */
export function turnOfTheLoop(): Promise<void> {
  if (typeof setImmediate !== "undefined") return new Promise((resolve) => setImmediate(resolve));
  // In a browser setTimeout may wait for 4 ms.
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
