/**
 * An attachment to a simulated link whose data plane runs like a thread beside the main one: whatever arrives is in the ring, or
 * lost, before the main thread comes to look.
 */

import type { Device } from "oneip";
import type { Plan } from "../../src/path/plan.ts";
import type { Attachment } from "../../src/plane/attachment.ts";
import { DataPlane } from "../../src/plane/data_plane.ts";
import type { SharedState } from "../../src/plane/shared_state.ts";
import type { Clock, Timer } from "../../src/system/clock.ts";

export class ParallelAttachment implements Attachment {
  readonly name = "parallel";
  readonly queues = 1;
  readonly offloads = [];
  readonly hasVirtioHeader = false;
  readonly hasNeighborQueue = true;
  readonly #failing = Promise.withResolvers<never>();
  readonly failed = this.#failing.promise;
  /** Each time that a table was published. */
  publications = 0;
  readonly #device: Device;
  readonly #clock: Clock;
  #plane: DataPlane | undefined;
  #handUp = () => {};
  #turn: Timer | undefined;
  #isHeld = false;

  constructor(device: Device, clock: Clock) {
    this.#device = device;
    this.#clock = clock;
  }

  fail(error: Error): void {
    this.#failing.reject(error);
  }

  lost(): number {
    return 0;
  }

  start(plan: Plan, shared: SharedState, handedUp: (worker: number) => void): void {
    this.#plane = new DataPlane(plan, this.#device, shared.workers[0]!, () => this.#clock.now() | 0);
    this.#handUp = () => {
      this.#turn = undefined;
      handedUp(0);
    };
  }

  /** Works off all frames that wait in the device, and lets the main thread look later. */
  work(): void {
    if (this.#plane === undefined || this.#isHeld) return;
    while (this.#plane.burst() > 0);
    this.#turn ??= this.#clock.after(0, this.#handUp);
  }

  hold(): Promise<void> {
    this.#isHeld = true;
    return Promise.resolve();
  }

  release(): void {
    this.#isHeld = false;
    this.work();
  }

  wake(): void {
    this.publications++;
    this.work();
  }

  write(_queue: number, octets: Uint8Array): boolean {
    return this.#device.write(octets, octets.length);
  }

  stop(): Promise<void> {
    this.#plane = undefined;
    return Promise.resolve();
  }

  leave(): Promise<void> {
    return this.stop();
  }
}
