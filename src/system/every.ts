/** Calls again and again, by a clock. */

import type { Clock, Timer } from "./clock.ts";

/** Makes the call each `periodMs`, the first time when one has passed, until the timer is cancelled. */
export function every(clock: Clock, periodMs: number, call: () => void): Timer {
  const turn = () => {
    timer = clock.after(periodMs, turn);
    call();
  };
  let timer = clock.after(periodMs, turn);
  return { cancel: () => timer.cancel() };
}
