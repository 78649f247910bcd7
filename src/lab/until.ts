/** Waiting on a condition instead of for a time. */

import { setTimeout as delay } from "node:timers/promises";

const BETWEEN_MS = 20;

/**
 * Resolves with the first value of `condition` that is neither false nor undefined. Throws when none came in time, naming
 * `what` was waited for.
 */
export async function until<T>(
  what: string,
  condition: () => T | false | undefined | Promise<T | false | undefined>,
  timeoutMs = 10_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value !== false && value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain until ${what}`);
    await delay(BETWEEN_MS);
  }
}
