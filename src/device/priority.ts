/**
 * How the kernel shares the processors among threads: setpriority(2). A thread that forwards must not wait in line behind all
 * that it forwards for; its queue overflows meanwhile.
 */

import { libc } from "./libc.ts";

const PRIO_PROCESS = 0;
/** On Linux a thread, in spite of the constant's name; 0 is the one that calls. */
const THIS_THREAD = 0;
/** Some 28 times the share of a program with none. The least is -20. */
const NICE = -15;

/** Raises the priority of the calling thread. False when that is not permitted: it wants CAP_SYS_NICE. */
export function raisePriority(): boolean {
  if (libc.getpriority(PRIO_PROCESS, THIS_THREAD) <= NICE) return true;
  return libc.setpriority(PRIO_PROCESS, THIS_THREAD, NICE) === 0;
}
