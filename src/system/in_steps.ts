/** Does work in steps, between which the thread does whatever else is due. */

import type { Clock } from "./clock.ts";

export async function inSteps<Result>(clock: Clock, steps: Generator<void, Result>): Promise<Result> {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await breathe(clock);
  }
}

export function breathe(clock: Clock): Promise<void> {
  return new Promise((resolve) => void clock.after(0, resolve));
}
