/** When nothing is broken, and nothing was for a while: then everyone must be served. */

import type { Action } from "../action.ts";
import { type Happening, START_US } from "./schedule.ts";

/**
 * After the last fault everyone is served within this time. Failed neighbors are asked each second, probes take two successes at up to 2.2 s,
 * a dispatcher that starts waits 5 s at most, and a router looks for a next hop that it has given up when the next packet comes.
 */
export const SETTLE_US = 20_000_000;

/** What people do, and clocks that are set: nobody may notice. */
const HARMLESS: ReadonlySet<Action["do"]> = new Set([
  "clock",
  "drain",
  "undrain",
  "down",
  "weight",
  "reload",
  "upgrade",
  "technique",
]);

export function isTrouble({ steps }: Happening): boolean {
  return !HARMLESS.has(steps[0]!.action.do);
}

export class Calm {
  /** Times in which something is broken or was not long ago, in order, without overlap. */
  readonly #troubles: { readonly fromUs: number; untilUs: number }[] = [{ fromUs: 0, untilUs: START_US }];

  constructor(happenings: readonly Happening[]) {
    const troubles = happenings.filter(({ what }) => what === "fault").filter(isTrouble)
      .map(({ steps }) => ({ fromUs: steps[0]!.atUs, untilUs: steps.at(-1)!.atUs + SETTLE_US }))
      .sort((one, other) => one.fromUs - other.fromUs);
    for (const { fromUs, untilUs } of troubles) {
      const last = this.#troubles.at(-1)!;
      if (fromUs <= last.untilUs) last.untilUs = Math.max(last.untilUs, untilUs);
      else this.#troubles.push({ fromUs, untilUs });
    }
  }

  /** Nothing is broken from the one time to the other. */
  isCalm(fromUs: number, untilUs: number): boolean {
    return !this.#troubles.some((trouble) => trouble.fromUs <= untilUs && fromUs < trouble.untilUs);
  }
}
