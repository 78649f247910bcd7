/** One queue of a TAP by its descriptor: one `read` or `write` is one frame, and neither waits. */

import type { Device } from "./device.ts";
import { libc } from "./libc.ts";

// Bound once: a property look-up a frame would cost as much as some of the path's checks.
const { read, write } = libc;

export class Queue implements Device {
  /** Valid in every thread of the process. */
  readonly fd: number;

  constructor(fd: number) {
    this.fd = fd;
  }

  read(slot: Uint8Array): number {
    const length = read(this.fd, slot, slot.length);
    return length > 0 ? length : 0;
  }

  write(slot: Uint8Array, length: number): boolean {
    return write(this.fd, slot, length) === length;
  }
}
