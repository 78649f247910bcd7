/** A segment in memory and in virtual time to which several machines are joined: what one sends comes to all others. */

import type { Device } from "oneip";
import type { Clock } from "../../src/system/clock.ts";
import * as f from "../frames.ts";

const ON_THE_WAY_MS = 1;

export class SharedSegment {
  /** All frames so far. */
  readonly frames: Uint8Array[] = [];
  readonly #clock: Clock;
  readonly #ports: SegmentPort[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Joins a machine. `arrived` is called when frames wait for it. */
  join(arrived: () => void): SegmentPort {
    const port = new SegmentPort((frame) => this.send(frame, port), arrived);
    this.#ports.push(port);
    return port;
  }

  /** A frame of one of the machines, or of another one. */
  send(frame: Uint8Array, from?: SegmentPort): void {
    const copy = frame.slice();
    this.frames.push(copy);
    this.#clock.after(ON_THE_WAY_MS, () => {
      for (const port of this.#ports) if (port !== from) port.give(copy);
    });
  }
}

export class SegmentPort implements Device {
  /** Nothing comes through in either direction. */
  isCut = false;
  readonly #send: (frame: Uint8Array) => void;
  readonly #arrived: () => void;
  readonly #waiting: Uint8Array[] = [];

  constructor(send: (frame: Uint8Array) => void, arrived: () => void) {
    this.#send = send;
    this.#arrived = arrived;
  }

  give(frame: Uint8Array): void {
    if (this.isCut) return;
    this.#waiting.push(frame);
    this.#arrived();
  }

  read(slot: Uint8Array): number {
    const frame = this.#waiting.shift();
    if (frame === undefined) return 0;
    slot.set(frame);
    return frame.length;
  }

  write(slot: Uint8Array, length: number): boolean {
    if (!this.isCut) this.#send(slot.subarray(0, length));
    return true;
  }
}

/** A router as the kernel is one: it answers who asks for its address, and believes whoever says last where an address is. */
export class Router {
  /** MACs by address, as it believes. */
  readonly neighbors = new Map<string, string>();
  readonly #port: SegmentPort;
  readonly #slot = new Uint8Array(2048);

  constructor(segment: SharedSegment) {
    this.#port = segment.join(() => this.#hear());
  }

  #hear(): void {
    for (let length = this.#port.read(this.#slot); length > 0; length = this.#port.read(this.#slot)) {
      const type = (this.#slot[12]! << 8) | this.#slot[13]!;
      if (type === f.ETHERTYPE.arp) this.#hearArp(this.#slot);
      if (type === f.ETHERTYPE.ipv6 && this.#slot[54] === 136) this.#hearAdvertisement(this.#slot);
    }
  }

  #hearArp(frame: Uint8Array): void {
    const [senderMac, sender, target] = [f.macAt(frame, 22), f.ipAt(frame, 28), f.ipAt(frame, 38)];
    if (sender !== "0.0.0.0") this.neighbors.set(sender, senderMac);
    if (frame[21] !== 1 || target !== f.IP.router) return;
    const answer = f.arp({ operation: 2, targetMac: senderMac, targetIp: sender });
    const reply = f.ethernet(answer, { dst: senderMac, type: f.ETHERTYPE.arp });
    this.#port.write(reply, reply.length);
  }

  #hearAdvertisement(frame: Uint8Array): void {
    const words = Array.from({ length: 8 }, (_, index) => {
      return ((frame[62 + index * 2]! << 8) | frame[63 + index * 2]!).toString(16);
    });
    this.neighbors.set(words.join(":"), f.macAt(frame, 80));
  }
}
