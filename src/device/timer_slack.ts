/** How late the kernel may end a wait of the calling thread, to end several at once: prctl(2), PR_SET_TIMERSLACK. It is 50 µs at first. */

import { libc } from "./libc.ts";

const PR_SET_TIMERSLACK = 29;

export function setTimerSlack(ns: number): void {
  libc.prctl(PR_SET_TIMERSLACK, ns, 0, 0, 0);
}
