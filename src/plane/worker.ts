/** The data-plane worker: a thread of its own that waits, works off bursts, and never returns to an event loop. */

import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { Poll, WakeUp } from "../device/poll.ts";
import { keepOnly } from "../device/privileges.ts";
import { raisePriority } from "../device/priority.ts";
import { Queue } from "../device/queue.ts";
import { TwoQueues } from "../device/two_queues.ts";
import type { Plan } from "../path/plan.ts";
import { nowInAllThreads } from "../system/clock.ts";
import { BURST, DataPlane } from "./data_plane.ts";
import type { Dimensions } from "./dimensions.ts";
import { SharedState } from "./shared_state.ts";

/** What a configuration needs in the data plane; another one may take its place while the worker runs. */
export interface PlaneData {
  readonly plan: Plan;
  readonly dimensions: Dimensions;
  readonly memory: SharedArrayBuffer;
}

export interface WorkerData extends PlaneData {
  /** Which of the workers this is. */
  readonly index: number;
  /** By which the next PlaneData comes, before the state says that it is replaced. */
  readonly port: MessagePort;
  /** The TAP's queue, and what wakes this thread to look at the shared state. */
  readonly tapFd: number;
  /** The TAP's neighbor queue, if this worker reads it. */
  readonly neighborFd: number | undefined;
  readonly wakeUpFd: number;
}

const { index, port, tapFd, neighborFd, wakeUpFd } = workerData as WorkerData;
raisePriority(); // Where that is not permitted, whoever started us has said so.
keepOnly([]); // To read and write frames takes none.
const queue = new Queue(tapFd);
const both = neighborFd === undefined ? undefined : new TwoQueues(queue, new Queue(neighborFd));
let { shared, plane } = begin(workerData as WorkerData);
const wakeUp = new WakeUp(wakeUpFd);
const poll = new Poll([tapFd, wakeUpFd, ...(neighborFd === undefined ? [] : [neighborFd])]);

/**
 * To read until nothing is left costs an empty read, and the wait that follows would say the same. So only each LEARN-th time
 * it is read until nothing is left, and in between as many frames as came then.
 */
const LEARN = 16;
let expected = BURST;

for (let round = 0; !shared.isStopping; round++) {
  if (shared.isHeld) {
    shared.stand(index);
    continue;
  }
  if (shared.isReplaced) {
    ({ shared, plane } = begin(receiveMessageOnPort(port)!.message as PlaneData));
    continue;
  }
  const waitMs = index === 0 ? plane.standIn() : -1;
  const most = round % LEARN === 0 ? BURST : expected;
  const count = plane.burst(most);
  if (count === BURST) {
    expected = BURST;
    both?.look();
    continue;
  }
  if (count < most) expected = Math.max(1, count);
  poll.wait(waitMs);
  if (poll.isBroken(0)) {
    // An exception would say the same, and on Deno print where it came from.
    parentPort!.postMessage("the TAP interface is gone: somebody deleted it");
    break;
  }
  if (poll.isReadable(1)) wakeUp.lower();
  if (both !== undefined && poll.isReadable(2)) both.look();
}

/** Its memory says from here on that this worker has taken its table. */
function begin(
  { plan, dimensions, memory }: PlaneData,
): { readonly shared: SharedState; readonly plane: DataPlane } {
  const shared = new SharedState(dimensions, memory);
  const state = shared.workers[index]!;
  return { shared, plane: new DataPlane(plan, both ?? queue, state, nowInAllThreads) };
}
