/** What a process has used, from /proc. */

import { readdirSync, readFileSync } from "node:fs";

/**
 * CPU time of all its threads, user and system, in nanoseconds: the scheduler's own count, where /proc/PID/stat has ticks of
 * 10 ms. A thread that is running at this moment is counted up to the last tick; one that has ended is not counted at all, so
 * take the difference of two readings between which none ends.
 */
export function cpuNs(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce(
    (sum, task) => sum + Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]),
    0,
  );
}

/** Resident memory in MB, of 2^20 octets. */
export function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

/** Frames that an interface of this process's namespace has received; 0 while there is no such interface. */
export function framesOf(pid: number, name: string): number {
  const line = readFileSync(`/proc/${pid}/net/dev`, "utf8").split("\n")
    .find((line) => line.trim().startsWith(`${name}:`));
  return Number(line?.split(":")[1]?.trim().split(/\s+/)[1] ?? 0);
}
