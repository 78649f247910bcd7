/** A load that passes through something for a while: frames a second that come out, and the CPU time for each. */

import { setTimeout as delay } from "node:timers/promises";
import { until } from "oneip";
import { type Load, offer, type Offered } from "./frames.ts";
import type { Place, Testbed } from "./testbed.ts";

const WARM_UP_MS = 100;
const WINDOW_MS = 400;
/** So many must have passed before anything is measured. */
const FIRST_FRAMES = 1000;

export interface Passing {
  /** What it passes through, and the MAC to which it is addressed there. */
  readonly name: string;
  readonly mac: string;
  readonly load: Load;
  /** Frames a second; undefined: as many as can be sent. */
  readonly rate: number | undefined;
  /** Of a rate: so many come at once. */
  readonly atOnce?: number;
  /** Where the frames come in that came out. It must be watched. */
  readonly end: Place;
  /** What all have used so far that count. */
  cpuNs(offered: Offered): number;
}

export interface Passed {
  /** Of a frame. */
  readonly cpuNs: number;
  readonly framesPerSecond: number;
}

export async function passThrough(bed: Testbed, passing: Passing): Promise<Passed> {
  const { name, mac, load, rate, atOnce, end, cpuNs } = passing;
  const idle = bed.framesInto(end);
  const offered = await offer(bed, load, mac, rate, atOnce);
  try {
    await until(`${name} forwards`, () => bed.framesInto(end) > idle + FIRST_FRAMES);
    await delay(WARM_UP_MS);
    const look = () => ({ frames: bed.framesInto(end), cpu: cpuNs(offered), at: performance.now() });
    const before = look();
    await delay(WINDOW_MS);
    const after = look();
    const frames = after.frames - before.frames;
    return {
      cpuNs: (after.cpu - before.cpu) / frames,
      framesPerSecond: frames * 1000 / (after.at - before.at),
    };
  } finally {
    await offered.stop();
  }
}
