/** How much is forwarded by the second, from two readings of the counters. */

import type { Counters } from "./counters.ts";

/** Of a machine, by its primary address. */
export interface Rate {
  readonly address: string;
  readonly framesPerSecond: number;
  readonly bitsPerSecond: number;
}

/** One for each machine of the later reading. A counter that has begun anew in between says nothing. */
export function ratesBetween(before: Counters, after: Counters): Rate[] {
  const seconds = (Date.parse(after.time) - Date.parse(before.time)) / 1000;
  const earlier = new Map(before.machines.map((machine) => [machine.address, machine]));
  return after.machines.map(({ address, frames, octets }) => {
    const was = earlier.get(address) ?? { frames: 0, octets: 0 };
    const perSecond = (count: number) => seconds > 0 ? Math.max(0, count) / seconds : 0;
    return {
      address,
      framesPerSecond: perSecond(frames - was.frames),
      bitsPerSecond: perSecond(8 * (octets - was.octets)),
    };
  });
}
