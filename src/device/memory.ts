/** A device without a wire: frames are put in and taken out by hand. For tests, replay and embedding. */

import type { Device } from "./device.ts";

/** A device without a wire: what `put` is given can be read, and what is written is kept in `sent`. */
export class MemoryDevice implements Device {
  /** What was sent, oldest first. */
  readonly sent: Uint8Array[] = [];
  readonly #waiting: Uint8Array[] = [];

  /** Puts frames where `read` finds them. */
  put(...frames: Uint8Array[]): void {
    this.#waiting.push(...frames);
  }

  read(slot: Uint8Array): number {
    const frame = this.#waiting.shift();
    if (frame === undefined) return 0;
    const length = Math.min(frame.length, slot.length);
    slot.set(frame.subarray(0, length));
    return length;
  }

  write(slot: Uint8Array, length: number): boolean {
    this.sent.push(slot.slice(0, length));
    return true;
  }
}
