/** A switch that learns which machine is behind which port, as a Linux bridge does (IEEE 802.1D), without spanning tree. */

import type { VirtualClock } from "../../system/virtual_clock.ts";
import * as ethernet from "../../wire/ethernet.ts";
import { macOf, type Octets, Port } from "./port.ts";

/** What was not heard of for so long is forgotten: ageing_time. */
const AGEING_US = 300_000_000;
/** Machines; those beyond are not learned, and what is for them goes out of all ports. */
const MOST_MACS = 4096;

interface Place {
  port: Port;
  heardUs: number;
}

export class Switch {
  readonly name: string;
  readonly ports: Port[] = [];
  /** Frames that went out of one port, and out of all others; machines that were not learned. */
  forwarded = 0;
  flooded = 0;
  overflows = 0;
  readonly #time: VirtualClock;
  /** By MAC, as one number. */
  readonly #places = new Map<number, Place>();

  constructor(time: VirtualClock, name: string) {
    this.#time = time;
    this.name = name;
  }

  addPort(name: string): Port {
    const port = new Port(this.name, name, macOf(this.name, name));
    port.receive = (octets, length) => this.#receive(port, octets, length);
    this.ports.push(port);
    return port;
  }

  /** Who is behind which port. */
  get places(): { readonly high: number; readonly low: number; readonly port: Port }[] {
    return [...this.#places].filter(([, place]) => this.#isFresh(place)).map(([mac, { port }]) => ({
      high: Math.floor(mac / 2 ** 32),
      low: mac % 2 ** 32 | 0,
      port,
    }));
  }

  /** As after a power cut. */
  forget(): void {
    this.#places.clear();
  }

  #receive(from: Port, octets: Octets, length: number): void {
    if (length < ethernet.HEADER) return;
    if (!ethernet.isGroup(octets[6]! << 8)) this.#learn(macAt(octets, 6), from);
    const place = ethernet.isGroup(octets[0]! << 8) ? undefined : this.#places.get(macAt(octets, 0));
    if (place !== undefined && this.#isFresh(place) && place.port.isUp) {
      if (place.port === from) return;
      this.forwarded++;
      place.port.send(octets, length);
      return;
    }
    this.flooded++;
    for (const port of this.ports) if (port !== from) port.send(octets, length);
  }

  #learn(mac: number, port: Port): void {
    const known = this.#places.get(mac);
    if (known !== undefined) {
      known.port = port;
      known.heardUs = this.#time.nowUs;
    } else if (this.#places.size < MOST_MACS || this.#makeRoom()) {
      this.#places.set(mac, { port, heardUs: this.#time.nowUs });
    } else this.overflows++;
  }

  #isFresh({ heardUs }: Place): boolean {
    return this.#time.nowUs - heardUs < AGEING_US;
  }

  #makeRoom(): boolean {
    for (const [mac, place] of this.#places) if (!this.#isFresh(place)) this.#places.delete(mac);
    return this.#places.size < MOST_MACS;
  }
}

function macAt(octets: Octets, at: number): number {
  const high = (octets[at]! << 8) | octets[at + 1]!;
  const low = (octets[at + 2]! << 24) | (octets[at + 3]! << 16) | (octets[at + 4]! << 8) | octets[at + 5]!;
  return high * 2 ** 32 + (low >>> 0);
}
