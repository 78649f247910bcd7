/** What a process has used, from /proc. */

import { readdirSync, readFileSync } from "node:fs";
import { SCHED_CLS } from "../../src/device/ebpf.ts";

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

/** The same of a process and all that have come of it and run now. */
export function treeCpuNs(pid: number): number {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter((child) => child !== "")
  );
  return children.reduce((sum, child) => sum + treeCpuNs(Number(child)), cpuNs(pid));
}

/** The kernel's threads for soft interrupts that nobody was interrupted for, one a CPU. */
export function softInterruptThreads(): number[] {
  return readdirSync("/proc").map(Number).filter((pid) => pid > 0 && commOf(pid).startsWith("ksoftirqd/"));
}

function commOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8");
  } catch {
    return ""; // It has ended.
  }
}

/** How often the kernel has run this process's programs for frames, and what that took: while somebody has it count. */
export function programRuns(pid: number): { count: number; ns: number } {
  const sum = { count: 0, ns: 0 };
  for (const descriptor of readdirSync(`/proc/${pid}/fdinfo`)) {
    const text = readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, "utf8");
    const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
    if (field("prog_type") !== SCHED_CLS) continue;
    sum.count += field("run_cnt");
    sum.ns += field("run_time_ns");
  }
  return sum;
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
