/** A dispatcher over any device, with the path run inline: no thread, no TAP. For embedding, tests and simulation. */

import type { Device } from "../device/device.ts";
import type { Plan } from "../path/plan.ts";
import type { Clock } from "../system/clock.ts";
import type { Attachment } from "./attachment.ts";
import { DataPlane } from "./data_plane.ts";
import type { SharedState } from "./shared_state.ts";

/** What joins an engine to any device without a thread: its frames are worked off when `work` is called. */
export class InlineAttachment implements Attachment {
  /** There is no interface. */
  readonly name = "inline";
  /** The device is one. */
  readonly queues = 1;
  /** None: frames are as on the wire. */
  readonly offloads = [];
  /** Nothing stands before a frame. */
  readonly hasVirtioHeader = false;
  /** Answers to the control plane wait among all frames. */
  readonly hasNeighborQueue = false;
  /** No kernel passes frames on. */
  readonly fastPath = { interface: null, why: "the path runs inline" };
  /** The path throws nothing, so this never rejects. */
  readonly failed: Promise<never> = new Promise<never>(() => {});
  readonly #device: Device;
  readonly #clock: Clock;
  #plane: DataPlane | undefined;
  #handedUp: (worker: number) => void = () => {};
  #isWorking = false;
  #isHeld = false;

  constructor(device: Device, clock: Clock) {
    this.#device = device;
    this.#clock = clock;
  }

  /** Milliseconds by the clock that it was given. */
  now(): number {
    return this.#clock.now();
  }

  /** A device in memory loses nothing. */
  lost(): number {
    return 0;
  }

  /** No kernel has a share in it. */
  startKernel(): void {}

  /** Works frames off by this plan and state from now on. `handedUp` is called during `work`, with the number 0. */
  start(plan: Plan, shared: SharedState, handedUp: (worker: number) => void): void {
    this.#plane = new DataPlane(plan, this.#device, shared.workers[0]!, () => this.#clock.now());
    this.#handedUp = handedUp;
  }

  /** Works off all frames that wait in the device. Whoever has put frames there calls it. */
  work(): void {
    // What is handed up may be answered at once, and the answer may bring more frames: the loop below takes them too.
    if (this.#plane === undefined || this.#isWorking || this.#isHeld) return;
    this.#isWorking = true;
    this.#plane.standIn();
    while (this.#plane.burst() > 0) this.#handedUp(0);
    this.#isWorking = false;
  }

  /** Nothing has to be told of another table: the path reads the one in use. */
  publish(): void {}

  /** The path has counted by itself. */
  count(): void {}

  /** The path sees every frame anyway. */
  showAll(): void {}

  /** Lets frames wait in the device until `release`. */
  hold(): Promise<void> {
    this.#isHeld = true;
    return Promise.resolve();
  }

  /** Works off what has waited. */
  release(): void {
    this.#isHeld = false;
    this.work();
  }

  /** Works off what waits. */
  wake(): void {
    this.work();
  }

  /** Sends octets as they stand. False when the device did not take them. */
  write(_queue: number, octets: Uint8Array): boolean {
    return this.#device.write(octets, octets.length);
  }

  /** Works nothing off any more. The device stays open. */
  stop(): Promise<void> {
    this.#plane = undefined;
    return Promise.resolve();
  }

  /** The same: nobody else has the device. */
  leave(): Promise<void> {
    return this.stop();
  }
}
