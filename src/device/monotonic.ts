/** CLOCK_MONOTONIC (clock_gettime(2)), by which other programs of this machine count, too; on Deno no clock of the runtime is it. */

import { libc } from "./libc.ts";

const CLOCK_MONOTONIC = 1;

/** Microseconds since a beginning that all programs share. */
export function monotonicMicroseconds(): bigint {
  /** struct timespec: seconds (8), nanoseconds (8). */
  const time = new BigInt64Array(2);
  libc.clock_gettime(CLOCK_MONOTONIC, new Uint8Array(time.buffer));
  return time[0]! * 1_000_000n + time[1]! / 1000n;
}
