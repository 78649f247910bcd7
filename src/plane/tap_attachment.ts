/** A dispatcher on a TAP: a data-plane worker, a thread of its own, behind each queue. */

import { dropped } from "../device/dropped.ts";
import { type HandedTap, Tap } from "../device/tap.ts";
import type { Plan } from "../path/plan.ts";
import { nowInAllThreads, turnOfTheLoop } from "../system/clock.ts";
import type { ForwardingTable } from "../table/forwarding_table.ts";
import type { Attachment } from "./attachment.ts";
import type { FastPathSetting, FastPathStatus } from "./fast_path_status.ts";
import { KernelShare } from "./kernel_share.ts";
import type { SharedState } from "./shared_state.ts";
import { Workers } from "./workers.ts";

/**
 * Frames that may wait in a queue of the TAP: some 50 ms of the fastest flood that a worker works off, in which it may be kept
 * from running. The kernel's own 1000 are full in a fourth of that.
 */
const QUEUE_LENGTH = 4096;

export interface TapOptions {
  /** TAP to create, or to adopt if it exists. */
  readonly interface: string;
  readonly bridge: string | undefined;
  readonly mtu: number;
  readonly queues: number;
  readonly offloads: boolean;
}

export class TapAttachment implements Attachment {
  readonly hasVirtioHeader: boolean;
  readonly failed: Promise<never>;
  readonly #tap: Tap;
  readonly #fail: (error: Error) => void;
  readonly #kernel: KernelShare;
  #shared: SharedState | undefined;
  #workers: Workers | undefined;
  #isHeld = false;
  #isStopped = false;

  /** Opens the TAP, or takes one over from another process. Throws TapError and leaves nothing behind. */
  constructor({ interface: name, bridge, mtu, queues, offloads }: TapOptions, handed?: HandedTap) {
    this.#tap = new Tap({
      name,
      mtu,
      queues,
      offloads,
      queueLength: QUEUE_LENGTH,
      neighborQueue: true,
      ...(bridge === undefined ? {} : { bridge }),
    }, handed);
    this.hasVirtioHeader = offloads;
    this.#kernel = new KernelShare(this.#tap.name);
    const { promise, reject } = Promise.withResolvers<never>();
    this.failed = promise;
    this.#fail = reject;
    this.failed.catch(() => {}); // Whoever waits for it hears of it; nobody must.
  }

  get name(): string {
    return this.#tap.name;
  }

  get queues(): number {
    return this.#tap.queues.length;
  }

  get offloads(): readonly string[] {
    return this.#tap.granted;
  }

  get hasNeighborQueue(): boolean {
    return this.#tap.neighborQueue !== undefined;
  }

  now(): number {
    return nowInAllThreads();
  }

  /** What the TAP drops is data when answers have a queue of their own. */
  lost(): number {
    return this.hasNeighborQueue ? 0 : dropped(this.#tap.name);
  }

  get fastPath(): FastPathStatus {
    return this.#kernel.status;
  }

  startKernel(plan: Plan, shared: SharedState, setting: FastPathSetting): void {
    this.#kernel.start(setting, plan, shared);
    if (!this.#isHeld) this.#kernel.attach();
  }

  start(plan: Plan, shared: SharedState, handedUp: (worker: number) => void): void {
    const before = this.#shared;
    this.#shared = shared;
    if (this.#isHeld) shared.hold();
    if (this.#workers === undefined) {
      this.#workers = new Workers(plan, shared, this.#tap.queues, this.#tap.neighborQueue);
      this.#workers.failed.catch(this.#fail);
    } else {
      this.#workers.replace(plan, shared);
    }
    for (const worker of before?.workers ?? []) worker.notify();
    for (const worker of shared.workers.keys()) void this.#watch(worker, shared, handedUp);
  }

  publish(shared: SharedState, table: ForwardingTable): void {
    this.#kernel.publish(shared, table);
  }

  count(): void {
    this.#kernel.count();
  }

  showAll(isWanted: boolean): void {
    this.#kernel.hold(isWanted);
  }

  /** What the kernel carries out goes on: it is settled, and nobody else decides otherwise. */
  async hold(): Promise<void> {
    this.#isHeld = true;
    if (this.#shared === undefined) return;
    if (!this.#shared.isHeld) this.#shared.hold();
    this.wake();
    await Promise.race([this.#shared.stood(), this.failed]);
  }

  release(): void {
    this.#isHeld = false;
    this.#kernel.attach();
    this.#shared?.release();
  }

  wake(): void {
    this.#workers?.wake();
  }

  /** What another process needs to take the TAP over. */
  get handed(): HandedTap {
    return this.#tap.handed;
  }

  write(queue: number, octets: Uint8Array): boolean {
    return this.#tap.queues[queue]!.write(octets, octets.length);
  }

  async stop(): Promise<void> {
    await this.#end();
    this.#tap.close();
  }

  async leave(): Promise<void> {
    await this.#end();
    this.#tap.leave();
  }

  async #end(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#kernel.stop();
    await this.#workers?.stop();
    for (const worker of this.#shared?.workers ?? []) worker.notify();
  }

  async #watch(worker: number, shared: SharedState, handedUp: (worker: number) => void): Promise<void> {
    const state = shared.workers[worker]!;
    while (!this.#isStopped && this.#shared === shared) {
      const seen = state.handedUp;
      handedUp(worker);
      await state.handedUpSince(seen);
      // However much is handed up, timers and all else have their turns.
      await turnOfTheLoop();
    }
  }
}
