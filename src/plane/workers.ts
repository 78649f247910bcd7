/** The data-plane workers, one for each queue of the TAP: their start, their end, and how main wakes them. */

import { MessageChannel, type MessagePort } from "node:worker_threads";
import { WakeUp } from "../device/poll.ts";
import type { Queue } from "../device/queue.ts";
import type { Plan } from "../path/plan.ts";
import { startThread } from "../system/installation.ts";
import type { SharedState } from "./shared_state.ts";
import type { PlaneData, WorkerData } from "./worker.ts";

export class Workers {
  /** Rejects when one of them dies: half the traffic would vanish with it. Never resolves. */
  readonly failed: Promise<never>;
  #shared: SharedState;
  readonly #ports: readonly MessagePort[];
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
    const channels = queues.map(() => new MessageChannel());
    this.#ports = channels.map(({ port1 }) => port1);
    for (const port of this.#ports) port.unref();
    const workers = queues.map(({ fd }, index) => {
      const port = channels[index]!.port2;
      const workerData: WorkerData = {
        ...planeData(plan, shared),
        index,
        port,
        tapFd: fd,
        neighborFd: index === 0 ? neighborQueue?.fd : undefined,
        wakeUpFd: this.#wakeUps[index]!.fd,
      };
      return startThread("plane/worker", { workerData, transferList: [port] });
    });
    this.#ended = workers.map((worker) => new Promise((resolve) => worker.once("exit", () => resolve())));
    this.failed = new Promise((_, reject) => {
      for (const [index, worker] of workers.entries()) {
        const died = (why: string) => reject(new Error(`Data-plane worker ${index + 1} died: ${why}`));
        worker.once("message", died);
        worker.once("error", (error) => died((error as Error).message));
        worker.once("exit", (code) => this.#shared.isStopping || died(`it ended with status ${code}`));
      }
    });
    this.failed.catch(() => {}); // Whoever waits for it hears of it; nobody must.
  }

  /** From the next burst on they go by this plan and state. Whoever waits for the state to settle knows when all do. */
  replace(plan: Plan, shared: SharedState): void {
    for (const port of this.#ports) port.postMessage(planeData(plan, shared));
    const before = this.#shared;
    this.#shared = shared;
    before.replace();
    this.wake();
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
    for (const port of this.#ports) port.close();
  }
}

function planeData(plan: Plan, { dimensions, memory }: SharedState): PlaneData {
  return { plan, dimensions, memory };
}
