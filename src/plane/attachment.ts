/**
 * What joins a dispatcher to a link: a device, and the data plane that works its frames off. There are two: a TAP with a worker
 * behind each of its queues (tap_attachment.ts), and any device with the path run inline (inline_attachment.ts).
 */

import type { Plan } from "../path/plan.ts";
import type { ForwardingTable } from "../table/forwarding_table.ts";
import type { FastPathSetting, FastPathStatus } from "./fast_path_status.ts";
import type { SharedState } from "./shared_state.ts";

export interface Attachment {
  /** The interface's name. */
  readonly name: string;
  /** Of the device, each with a worker. */
  readonly queues: number;
  /** The offloads that the device grants. */
  readonly offloads: readonly string[];
  /** A virtio header (wire/virtio.ts) stands before each frame of the device. */
  readonly hasVirtioHeader: boolean;
  /** Rejects when the data plane dies, since its share of the traffic would vanish. Never resolves. */
  readonly failed: Promise<never>;
  /** Answers to the control plane do not wait behind data. */
  readonly hasNeighborQueue: boolean;
  /** Milliseconds by the clock of the data plane, whose times stand in the shared memory. */
  now(): number;
  /** How many frames to us the device has lost so far, among them perhaps answers to the control plane. */
  lost(): number;
  /**
   * The kernel takes its share, if it is to, by this plan and the table in use; called again, it goes on by another plan. Then comes `start`:
   * the kernel goes first, so that when a bucket goes into transition no frame of it passes those by who begin to remember.
   */
  startKernel(plan: Plan, shared: SharedState, setting: FastPathSetting): void;
  /**
   * Begins to work frames off; called again, it goes on by another plan and state, and loses no frame. `handedUp` is called with a
   * worker's number whenever frames may wait in that worker's ring.
   */
  start(plan: Plan, shared: SharedState, handedUp: (worker: number) => void): void;
  /** Does the kernel take its share? */
  readonly fastPath: FastPathStatus;
  /** This table is about to be published to the workers of this state: the kernel goes by it from now on. */
  publish(shared: SharedState, table: ForwardingTable): void;
  /** Brings what the kernel has counted to the shared state. */
  count(): void;
  /** While somebody wants to see every frame, the workers have them all. */
  showAll(isWanted: boolean): void;
  /**
   * Lets frames wait in the device until `release`; resolves when none is in hand any more. Before the first `start` it is at once
   * so, and what is started stands ready. Rejects when the data plane dies.
   */
  hold(): Promise<void>;
  release(): void;
  /** Makes the data plane look at the shared state. */
  wake(): void;
  /** Sends octets as they stand, by one of the device's queues. False when the device did not take them. */
  write(queue: number, octets: Uint8Array): boolean;
  /** Ends the data plane, then closes the device. Resolves when nothing uses the shared memory any more. */
  stop(): Promise<void>;
  /** The same, but another process has the device too, which goes on as it is. */
  leave(): Promise<void>;
}
