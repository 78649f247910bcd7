/** A link in memory with machines that answer ARP and neighbor discovery, and whatever their servers are asked; what is sent to one of them is counted. */

import type { Device } from "oneip";
import type { Clock } from "../../src/system/clock.ts";
import * as f from "../frames.ts";
import { ipOf } from "../../src/wire/address.ts";
import { answersOf, type Backend } from "../health/segment.ts";

/** Between a question and its answer. */
const ROUND_TRIP_MS = 1;

const ARP_REPLY = 2;
/** Offsets in a frame of ARP, and of IPv4. */
const OPERATION = 21;
const SENDER = 22;
const SENDER_IP = 28;
const TARGET_IP = 38;
const LENGTH = 42;
const DST = 30;
/** Of a neighbor solicitation of IPv6. */
const NEXT_HEADER6 = 20;
const TYPE6 = 54;
const SRC6 = 22;
const TARGET6 = 62;
const ICMPV6 = 58;
const SOLICITATION = 135;

export interface Neighbor {
  readonly name: string;
  readonly address: string;
  readonly mac: string;
  /** While it is not, it answers nothing. */
  isAlive: boolean;
  /** What answers there to IP; undefined: nothing does. */
  readonly server?: Backend;
  /** By how much longer its server takes. */
  slowMs?: number;
}

export class SimulatedLink implements Device {
  /** IP frames by the neighbor that they were sent to. */
  readonly delivered = new Map<Neighbor, number>();
  /** Nothing comes through in either direction. */
  isCut = false;
  /** The interface takes no frame. */
  isDown = false;
  readonly #clock: Clock;
  /** Several machines may have one address. */
  readonly #byAddress = new Map<string, { readonly neighbor: Neighbor; readonly mac: f.Octets }[]>();
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
    const others = this.#byAddress.get(neighbor.address) ?? [];
    this.#byAddress.set(neighbor.address, [...others, { neighbor, mac }]);
    this.#byMac.set(wordAt(Uint8Array.from(mac), 2), neighbor);
  }

  /** A frame arrives at the dispatcher now. */
  bring(frame: Uint8Array): void {
    if (this.isCut || this.isDown) return;
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
    if (this.isDown) return false;
    if (this.isCut) return true;
    if (slot[12] === 0x08 && slot[13] === 0x06) this.#hearQuestion(slot);
    else if (slot[12] === 0x86 && slot[NEXT_HEADER6] === ICMPV6 && slot[TYPE6] === SOLICITATION) {
      this.#hearSolicitation(slot);
    } else {
      const neighbor = this.#byMac.get(wordAt(slot, 2));
      if (neighbor !== undefined) this.#deliver(neighbor, slot, length);
    }
    return true;
  }

  #deliver(neighbor: Neighbor, slot: Uint8Array, length: number): void {
    this.delivered.set(neighbor, (this.delivered.get(neighbor) ?? 0) + 1);
    const { server, isAlive, slowMs = 0 } = neighbor;
    if (server === undefined || !isAlive) return;
    for (const answer of answersOf(server, Uint8Array.from(slot.subarray(0, length)))) {
      // Clients' packets are answered past the dispatcher.
      if (wordAt(answer, DST) !== DISPATCHER) continue;
      this.#clock.after(ROUND_TRIP_MS + slowMs, () => this.bring(answer));
    }
  }

  #hearQuestion(slot: Uint8Array): void {
    const isToAll = (slot[0]! & 1) !== 0;
    for (const { neighbor, mac } of this.#byAddress.get(ipOf(slot.subarray(TARGET_IP, LENGTH))) ?? []) {
      if (!neighbor.isAlive || (!isToAll && this.#byMac.get(wordAt(slot, 2)) !== neighbor)) continue;
      const reply = slot.slice(0, LENGTH);
      reply.copyWithin(0, SENDER, SENDER + 6);
      reply.copyWithin(32, SENDER, SENDER_IP + 4);
      reply.set(mac, 6);
      reply.set(mac, SENDER);
      reply.set(slot.subarray(TARGET_IP, TARGET_IP + 4), SENDER_IP);
      reply[OPERATION] = ARP_REPLY;
      this.#reply(reply);
    }
  }

  #hearSolicitation(slot: Uint8Array): void {
    const [from, target] = [SRC6, TARGET6].map((at) => ipOf(slot.subarray(at, at + 16))) as [string, string];
    for (const { neighbor } of this.#byAddress.get(target) ?? []) {
      if (!neighbor.isAlive) continue;
      const advertisement = f.advertisement({ from: target, to: from, target, mac: neighbor.mac });
      const dst = f.hex(slot.subarray(6, 12)).replaceAll(" ", ":");
      this.#reply(f.ethernet(advertisement, { src: neighbor.mac, dst, type: f.ETHERTYPE.ipv6 }));
    }
  }

  #reply(frame: Uint8Array): void {
    if (this.#onTheWay.push(frame) === 1) this.#clock.after(ROUND_TRIP_MS, () => this.#arrive());
  }

  #arrive(): void {
    if (!this.isCut && !this.isDown) this.#waiting.push(...this.#onTheWay);
    this.#onTheWay = [];
    this.#arrived();
  }
}

const DISPATCHER = wordAt(Uint8Array.from(f.ip(f.IP.dispatcher)), 0);

function wordAt(octets: Uint8Array, at: number): number {
  return (octets[at]! << 24) | (octets[at + 1]! << 16) | (octets[at + 2]! << 8) | octets[at + 3]!;
}
