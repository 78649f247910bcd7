/**
 * A queue of data and one of neighbors' answers as one device. The second goes first, but takes a share only, so that a flood of
 * it stops no data.
 */

import type { Device } from "./device.ts";

/** Frames of the second queue that are read at most before data's turn comes. */
const SHARE = 16;

export class TwoQueues implements Device {
  readonly #data: Device;
  readonly #neighbors: Device;
  #left = 0;

  constructor(data: Device, neighbors: Device) {
    this.#data = data;
    this.#neighbors = neighbors;
  }

  /** Something may wait in the second queue. Without it that is not looked at, which would cost a call a frame. */
  look(): void {
    this.#left = SHARE;
  }

  read(slot: Uint8Array): number {
    if (this.#left > 0) {
      this.#left--;
      const length = this.#neighbors.read(slot);
      if (length > 0) return length;
      this.#left = 0;
    }
    return this.#data.read(slot);
  }

  write(slot: Uint8Array, length: number): boolean {
    return this.#data.write(slot, length);
  }
}
