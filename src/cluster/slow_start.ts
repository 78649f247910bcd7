/**
 * Slow start: a backend that returns gets its buckets in steps, so that empty caches and cold pools meet few clients at first.
 *
 *     portion   1/10   2/10   3/10   ...   10/10
 *               |------|------|------|-...-|          each a tenth of the time
 */

const STEPS = 10;

/** Of a backend that returned then: what it may have of its buckets. */
export function portionAt(nowMs: number, returnedMs: number, slowStartMs: number | undefined): number {
  if (slowStartMs === undefined) return 1;
  return Math.min(STEPS, stepAt(nowMs, returnedMs, slowStartMs) + 1) / STEPS;
}

/** When it gets more; Infinity when it has all. */
export function nextStepMs(nowMs: number, returnedMs: number, slowStartMs: number | undefined): number {
  if (slowStartMs === undefined || portionAt(nowMs, returnedMs, slowStartMs) === 1) return Infinity;
  return returnedMs + (stepAt(nowMs, returnedMs, slowStartMs) + 1) * slowStartMs / STEPS;
}

function stepAt(nowMs: number, returnedMs: number, slowStartMs: number): number {
  return Math.floor((nowMs - returnedMs) * STEPS / slowStartMs);
}
