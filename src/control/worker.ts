/** The data-plane worker: a thread of its own that waits, works off bursts, and never returns to an event loop. */

import { workerData } from "node:worker_threads";
import { Poll, WakeUp } from "../device/poll.ts";
import { Queue } from "../device/queue.ts";
import type { Plan } from "../path/plan.ts";
import { BURST, DataPlane } from "./data_plane.ts";
import { type Dimensions, SharedState } from "./shared_state.ts";

export interface WorkerData {
  readonly plan: Plan;
  /** Which of the workers this is. */
  readonly index: number;
  readonly dimensions: Dimensions;
  readonly memory: SharedArrayBuffer;
  /** The TAP's queue, and what wakes this thread to look at the shared state. */
  readonly tapFd: number;
  readonly wakeUpFd: number;
}

const { plan, index, dimensions, memory, tapFd, wakeUpFd } = workerData as WorkerData;
const shared = new SharedState(dimensions, memory);
const plane = new DataPlane(plan, new Queue(tapFd), shared.workers[index]!);
const wakeUp = new WakeUp(wakeUpFd);
const poll = new Poll([tapFd, wakeUpFd]);

while (!shared.isStopping) {
  if (plane.burst(performance.now() | 0) === BURST) continue;
  poll.wait(-1);
  if (poll.isBroken(0)) throw new Error("the TAP interface is gone: somebody deleted it");
  if (poll.isReadable(1)) wakeUp.lower();
}
