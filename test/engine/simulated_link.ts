/** A link in memory with machines that answer ARP while they are alive; what is sent to one of them is counted. */

import type { Device } from "oneip";
import type { Clock } from "../../src/system/clock.ts";
import * as f from "../frames.ts";

/** Between a question and its answer. */
const ROUND_TRIP_MS = 1;

const ARP_REPLY = 2;
/** Offsets in an ARP frame. */
const OPERATION = 21;
const SENDER = 22;
const SENDER_IP = 28;
const TARGET_IP = 38;
const LENGTH = 42;

export interface Neighbor {
  readonly name: string;
  readonly address: string;
  readonly mac: string;
  isAlive: boolean;
}

export class SimulatedLink implements Device {
  /** IP frames by the neighbor that they were sent to. */
  readonly delivered = new Map<Neighbor, number>();
  readonly #clock: Clock;
  readonly #byAddress = new Map<number, { readonly neighbor: Neighbor; readonly mac: f.Octets }>();
  /** By the last four octets. */
  readonly #byMac = new Map<number, Neighbor>();
  readonly #arrived: () => void;
  #waiting: Uint8Array[] = [];
  #onTheWay: Uint8Array[] = [];

  /** `arrived` is called when frames wait to be read. */
  constructor(neighbors: readonly Neighbor[], clock: Clock, arrived: () => void) {
    this.#clock = clock;
    this.#arrived = arrived;
    for (const neighbor of neighbors) this.join(neighbor);
  }

  join(neighbor: Neighbor): void {
    const mac = f.mac(neighbor.mac);
    this.#byAddress.set(wordAt(Uint8Array.from(f.ip(neighbor.address)), 0), { neighbor, mac });
    this.#byMac.set(wordAt(Uint8Array.from(mac), 2), neighbor);
  }

  /** A frame arrives at the dispatcher now. */
  bring(frame: Uint8Array): void {
    this.#waiting.push(frame);
    this.#arrived();
  }

  read(slot: Uint8Array): number {
    const frame = this.#waiting.shift();
    if (frame === undefined) return 0;
    slot.set(frame);
    return frame.length;
  }

  write(slot: Uint8Array): boolean {
    if (slot[12] === 0x08 && slot[13] === 0x06) this.#hearQuestion(slot);
    else {
      const neighbor = this.#byMac.get(wordAt(slot, 2));
      if (neighbor !== undefined) this.delivered.set(neighbor, (this.delivered.get(neighbor) ?? 0) + 1);
    }
    return true;
  }

  #hearQuestion(slot: Uint8Array): void {
    const target = wordAt(slot, TARGET_IP);
    const asked = this.#byAddress.get(target);
    if (asked === undefined || !asked.neighbor.isAlive) return;
    const reply = slot.slice(0, LENGTH);
    reply.copyWithin(0, SENDER, SENDER + 6);
    reply.copyWithin(32, SENDER, SENDER_IP + 4);
    reply.set(asked.mac, 6);
    reply.set(asked.mac, SENDER);
    reply.set(slot.subarray(TARGET_IP, TARGET_IP + 4), SENDER_IP);
    reply[OPERATION] = ARP_REPLY;
    if (this.#onTheWay.push(reply) === 1) this.#clock.after(ROUND_TRIP_MS, () => this.#arrive());
  }

  #arrive(): void {
    this.#waiting.push(...this.#onTheWay);
    this.#onTheWay = [];
    this.#arrived();
  }
}

function wordAt(octets: Uint8Array, at: number): number {
  return (octets[at]! << 24) | (octets[at + 1]! << 16) | (octets[at + 2]! << 8) | octets[at + 3]!;
}
