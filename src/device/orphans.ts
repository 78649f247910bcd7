/**
 * Children that this process did not start. A process whose parent has ended becomes a child of process 1. In a container that may be
 * this one, and who has ended stays in the table of processes, as a zombie, until its parent has asked for it: waitpid(2).
 */

import type { Clock } from "../system/clock.ts";
import { libc } from "./libc.ts";

const AGAIN_MS = 100;

const WNOHANG = 1;
const status = new Uint8Array(4);

/**
 * Asks for those in a process group whose leader the runtime has waited for. Only such a group may be asked for: another one may have
 * a child in it that the runtime waits for. True when this process has no more children there.
 */
export function reap(group: number): boolean {
  let pid: number;
  do pid = libc.waitpid(-group, status, WNOHANG); while (pid > 0);
  return pid < 0;
}

/** The same, until none is left: those that were killed last may not have ended yet. */
export function reapAll(group: number, clock: Clock): void {
  if (!reap(group)) clock.after(AGAIN_MS, () => reapAll(group, clock));
}
