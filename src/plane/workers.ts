/** The data-plane workers, one for each queue of the TAP: their start, their end, and how main wakes them. */

import { Worker } from "node:worker_threads";
import { WakeUp } from "../device/poll.ts";
import type { Queue } from "../device/queue.ts";
import type { Plan } from "../path/plan.ts";
import type { SharedState } from "./shared_state.ts";
import type { WorkerData } from "./worker.ts";

export class Workers {
  /** Rejects when one of them dies: half the traffic would vanish with it. Never resolves. */
  readonly failed: Promise<never>;
  readonly #shared: SharedState;
  readonly #wakeUps: readonly WakeUp[];
  readonly #ended: readonly Promise<void>[];

  /** `neighborQueue` is read by the first of them. */
  constructor(
    plan: Plan,
    shared: SharedState,
    queues: readonly Queue[],
    neighborQueue: Queue | undefined = undefined,
  ) {
    this.#shared = shared;
    this.#wakeUps = queues.map(() => new WakeUp());
    const workers = queues.map(({ fd }, index) => {
      const workerData: WorkerData = {
        plan,
        index,
        dimensions: shared.dimensions,
        memory: shared.memory,
        tapFd: fd,
        neighborFd: index === 0 ? neighborQueue?.fd : undefined,
        wakeUpFd: this.#wakeUps[index]!.fd,
      };
      return new Worker(new URL("./worker.ts", import.meta.url), { workerData });
    });
    this.#ended = workers.map((worker) => new Promise((resolve) => worker.once("exit", () => resolve())));
    this.failed = new Promise((_, reject) => {
      for (const [index, worker] of workers.entries()) {
        const died = (why: string) => reject(new Error(`Data-plane worker ${index + 1} died: ${why}`));
        worker.once("error", (error) => died((error as Error).message));
        worker.once("exit", (code) => shared.isStopping || died(`it ended with status ${code}`));
      }
    });
    this.failed.catch(() => {}); // Whoever waits for it hears of it; nobody must.
  }

  /** Makes them look at the shared state. */
  wake(): void {
    for (const wakeUp of this.#wakeUps) wakeUp.raise();
  }

  /** Ends them; resolves when no thread uses the TAP or the shared memory any more. */
  async stop(): Promise<void> {
    this.#shared.stop();
    this.wake();
    await Promise.all(this.#ended);
    for (const wakeUp of this.#wakeUps) wakeUp.close();
  }
}
