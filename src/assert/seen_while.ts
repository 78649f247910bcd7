/** What the nodes of a lab sent and received while something was done. */

import { REAL_CLOCK } from "../system/clock.ts";
import type { Lab } from "../lab/lab.ts";
import { Observer } from "../observe/observer.ts";
import type { Observation } from "../observe/protocol.ts";

export interface Seen<T> {
  readonly result: T;
  /** In the order of their time. */
  readonly observations: readonly Observation[];
  /** Says that something is missing in them; empty when nothing is. */
  readonly gaps: readonly string[];
}

/** What comes late, such as the answer of a second owner, is waited for: until no frame comes for so long, or so often in vain. */
const QUIET_MS = 30;
const MOST_WAITS = 10;

export async function seenWhile<T>(lab: Lab, action: () => Promise<T>): Promise<Seen<T>> {
  const observer = await Observer.of(lab);
  const mark = await observer.mark();
  const result = await action();
  let { number } = (await observer.mark()).telling;
  for (let waits = 0; waits < MOST_WAITS; waits++) {
    await new Promise<void>((resolve) => void REAL_CLOCK.after(QUIET_MS, resolve));
    const before = number;
    ({ number } = (await observer.mark()).telling);
    if (number === before) break;
  }
  const { observations, missed } = await observer.since(mark);
  const gaps = missed === 0
    ? []
    : [`${missed} frames are not counted here: they came too fast, or there were too many`];
  return { result, observations, gaps };
}
