/** What an agent's fallback hears of its link and sends by: ARP and neighbor discovery, as its packet sockets have them. */

import type { Device } from "../device/device.ts";
import * as ethernet from "../wire/ethernet.ts";
import * as ipv6 from "../wire/ipv6.ts";
import * as protocol from "../wire/protocol.ts";
import type { Octets, Port } from "./net/port.ts";

/** Frames that wait; those beyond are lost, as in a socket's buffer. */
const MOST_WAITING = 1000;

export class LinkSocket implements Device {
  readonly #port: Port;
  readonly #waiting: Octets[] = [];
  #isOpen = false;

  constructor(port: Port) {
    this.#port = port;
  }

  open(): void {
    this.#isOpen = true;
  }

  close(): void {
    this.#isOpen = false;
    this.#waiting.length = 0;
  }

  /** A frame comes to the machine. */
  hear(octets: Octets, length: number): void {
    if (!this.#isOpen || !isAboutNeighbors(octets)) return;
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push(octets.slice(0, length));
  }

  read(slot: Uint8Array): number {
    const frame = this.#waiting.shift();
    if (frame === undefined) return 0;
    const length = Math.min(frame.length, slot.length);
    slot.set(frame.subarray(0, length));
    return length;
  }

  write(slot: Uint8Array, length: number): boolean {
    return this.#port.send(slot as Octets, length);
  }
}

function isAboutNeighbors(octets: Octets): boolean {
  const type = (octets[12]! << 8) | octets[13]!;
  if (type === ethernet.TYPE_ARP) return true;
  return type === ethernet.TYPE_IPV6 && octets[ethernet.HEADER + ipv6.NEXT_HEADER] === protocol.ICMPV6;
}
