/** A thread that waits, when told to, until a descriptor can be read, and says so. */

import { parentPort, workerData } from "node:worker_threads";
import { Poll } from "./poll.ts";

/** Of `state`: do nothing, watch, end. */
export const IDLE = 0;
export const ARMED = 1;
export const STOPPED = 2;

export interface WatcherData {
  readonly fd: number;
  /** Raised with STOPPED, to end a wait. */
  readonly wakeUpFd: number;
  /** One word, shared. */
  readonly state: Int32Array<SharedArrayBuffer>;
}

if (parentPort !== null) {
  const { fd, wakeUpFd, state } = workerData as WatcherData;
  const poll = new Poll([fd, wakeUpFd]);
  for (;;) {
    Atomics.wait(state, 0, IDLE);
    if (Atomics.load(state, 0) === STOPPED) break;
    poll.wait(-1);
    if (Atomics.compareExchange(state, 0, ARMED, IDLE) === STOPPED) break;
    if (poll.isBroken(0)) throw new Error("the interface is gone: somebody deleted it");
    parentPort.postMessage("readable");
  }
}
