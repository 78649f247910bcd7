/** Waiting on a condition instead of for a time. */

import { setTimeout as delay } from "node:timers/promises";

const BETWEEN_MS = 20;
/** Only a hang takes longer, also on a slow and busy machine. */
const LONGEST_MS = 60_000;

/**
 * Resolves with the first value of `condition` that is neither false nor undefined. Throws when none came in time, naming
 * `what` was waited for; a function says it as it is when time is up.
 */
export async function until<T>(
  what: string | (() => string),
  condition: () => T | false | undefined | Promise<T | false | undefined>,
  timeoutMs = LONGEST_MS,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value !== false && value !== undefined) return value;
    if (performance.now() > deadline) {
      throw new Error(`Waited ${timeoutMs} ms in vain until ${typeof what === "string" ? what : what()}`);
    }
    await delay(BETWEEN_MS);
  }
}
