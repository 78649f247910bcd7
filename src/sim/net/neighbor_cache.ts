/**
 * What a machine knows of its neighbors' MACs on one link, as Linux does (net/core/neighbour.c) and not as the dispatcher, which asks
 * each second:
 *
 *                    answer               30 s                 used              5 s             no answer to 3
 *     incomplete ------------> reachable ------> stale -------------> delay ------------> probe -----------------> failed
 *         |                        ^                  ^                 |                   |                         |
 *         | no answer to 3         '------------------|-----------------'-------------------' confirmed               | used
 *         '--> failed                                 '-- heard of it otherwise                                       '--> incomplete
 *
 * A question is asked each second. A packet whose neighbor is not known waits; so many wait at most, and of so many neighbors.
 */

import type { Alarm, VirtualClock } from "../../system/virtual_clock.ts";
import { ipOf, type Mac } from "../../wire/address.ts";
import { AddressMap } from "./address_map.ts";
import type { Octets } from "./port.ts";

export type NeighborState =
  | "permanent"
  | "incomplete"
  | "reachable"
  | "stale"
  | "delay"
  | "probe"
  | "failed";

const REACHABLE_US = 30_000_000;
const DELAY_US = 5_000_000;
const ASK_US = 1_000_000;
const MOST_ASKS = 3;
/** Another MAC is not believed within this time: of several answers the first one counts. */
const LOCK_US = 1_000_000;

/** Packets that wait for one neighbor: unres_qlen. The oldest one gives way. */
const MOST_WAITING = 101;
/** Neighbors: gc_thresh3. */
const MOST_NEIGHBORS = 1024;

export interface Neighbor {
  readonly address: string;
  state: NeighborState;
  macHigh: number;
  macLow: number;
  /** When its MAC or its state last changed, and when it was last known to be there. */
  updatedUs: number;
  confirmedUs: number;
  /** Questions since it was last known. */
  asked: number;
  /** Whole frames. */
  readonly waiting: Octets[];
  readonly alarm: Alarm;
}

/** Who asks, and sends what has waited. */
export interface NeighborUser {
  /** Asks the machine with this MAC, or all; `waiting` is a packet for it. */
  ask(address: string, mac: Mac | undefined, waiting: Octets | undefined): void;
  send(neighbor: Neighbor, frame: Octets): void;
  /** It does not answer. */
  failed(frame: Octets): void;
}

export class NeighborCache {
  /** Packets that gave way to others, and neighbors for which there was no room. */
  overflows = 0;
  readonly #user: NeighborUser;
  readonly #time: VirtualClock;
  readonly #byAddress = new AddressMap<Neighbor>();

  constructor(user: NeighborUser, time: VirtualClock) {
    this.#user = user;
    this.#time = time;
  }

  get all(): Neighbor[] {
    return [...this.#byAddress.values()];
  }

  get(address: string): Neighbor | undefined {
    return this.#byAddress.get(address);
  }

  at(frame: DataView, at: number, isV6: boolean): Neighbor | undefined {
    return this.#byAddress.at(frame, at, isV6);
  }

  /** The same, which is made where there is none. Undefined where there are too many. */
  demandAt(frame: DataView, at: number, isV6: boolean): Neighbor | undefined {
    const known = this.#byAddress.at(frame, at, isV6);
    if (known !== undefined) return known;
    return this.#make(ipOf(new Uint8Array(frame.buffer, frame.byteOffset + at, isV6 ? 16 : 4)));
  }

  demand(address: string): Neighbor | undefined {
    return this.#byAddress.get(address) ?? this.#make(address);
  }

  /** Somebody has written down where it is. It may be a group. */
  setPermanent(address: string, mac: Mac): void {
    const neighbor = this.demand(address);
    if (neighbor === undefined) return;
    neighbor.alarm.cancel();
    neighbor.state = "permanent";
    neighbor.macHigh = mac.high;
    neighbor.macLow = mac.low;
    this.#sendWaiting(neighbor);
  }

  forget(address: string): void {
    this.#byAddress.get(address)?.alarm.cancel();
    this.#byAddress.delete(address);
  }

  clear(): void {
    for (const { alarm } of this.#byAddress.values()) alarm.cancel();
    this.#byAddress.clear();
  }

  /** Is its MAC known? If not, `wait`. Being used, one that has not been heard of for a while is asked. */
  use(neighbor: Neighbor): boolean {
    switch (neighbor.state) {
      case "permanent":
      case "delay":
      case "probe":
        return true;
      case "reachable":
        if (this.#time.nowUs - neighbor.confirmedUs <= REACHABLE_US) return true;
        break;
      case "stale":
        break;
      case "incomplete":
      case "failed":
        return false;
    }
    this.#become(neighbor, "delay");
    neighbor.alarm.set(this.#time.nowUs + DELAY_US);
    return true;
  }

  /** Keeps a copy of a frame until the MAC is known. */
  wait(neighbor: Neighbor, octets: Octets, length: number): void {
    if (neighbor.waiting.length === MOST_WAITING) {
      neighbor.waiting.shift();
      this.overflows++;
    }
    neighbor.waiting.push(octets.slice(0, length));
    if (neighbor.state === "incomplete") return;
    this.#become(neighbor, "incomplete");
    neighbor.asked = 0;
    this.#ask(neighbor);
  }

  /** What it sends has just proved that it is there, and hears us: an acknowledgment of new data. */
  confirm(neighbor: Neighbor): void {
    neighbor.confirmedUs = this.#time.nowUs;
    if (neighbor.state === "stale" || neighbor.state === "delay" || neighbor.state === "probe") {
      this.#become(neighbor, "reachable");
      neighbor.alarm.cancel();
    }
  }

  /**
   * It is at this MAC, as it, or somebody, says. `isReachable`: it has answered us. `overrides`: whatever was known; `isWeak`: where
   * another MAC was, that is only doubted (RFC 4861 section 7.2.5).
   */
  learn(
    neighbor: Neighbor,
    { high, low }: Mac,
    isReachable: boolean,
    overrides: boolean,
    isWeak = false,
  ): void {
    if (neighbor.state === "permanent") return;
    const wasValid = neighbor.state !== "incomplete" && neighbor.state !== "failed";
    const isSame = neighbor.macHigh === high && neighbor.macLow === low;
    let to: NeighborState = isReachable ? "reachable" : "stale";
    if (isReachable && (isSame || !wasValid || overrides)) neighbor.confirmedUs = this.#time.nowUs;
    if (wasValid) {
      if (!isSame && !overrides) {
        if (!isWeak || neighbor.state !== "reachable") return;
        this.#become(neighbor, "stale");
        return;
      }
      // What was valid and is where it was stays as it is.
      if (isSame && to === "stale") to = neighbor.state;
    }
    if (to !== neighbor.state || !isSame) neighbor.updatedUs = this.#time.nowUs;
    neighbor.macHigh = high;
    neighbor.macLow = low;
    if (to !== neighbor.state) {
      neighbor.alarm.cancel();
      neighbor.state = to;
    }
    neighbor.asked = 0;
    if (neighbor.waiting.length > 0) this.#sendWaiting(neighbor);
  }

  /** Has its MAC been the same for long enough that another one is believed? */
  isSettled(neighbor: Neighbor): boolean {
    return this.#time.nowUs > neighbor.updatedUs + LOCK_US;
  }

  #make(address: string): Neighbor | undefined {
    if (this.#byAddress.size === MOST_NEIGHBORS && !this.#makeRoom()) return void this.overflows++;
    const neighbor: Neighbor = {
      address,
      // As if it had not answered: the next packet for it asks.
      state: "failed",
      macHigh: 0,
      macLow: 0,
      updatedUs: this.#time.nowUs,
      confirmedUs: -Infinity,
      asked: 0,
      waiting: [],
      alarm: this.#time.alarm(() => this.#tick(neighbor)),
    };
    this.#byAddress.set(address, neighbor);
    return neighbor;
  }

  /** The one that has not changed for the longest goes, unless it is being asked for. */
  #makeRoom(): boolean {
    let oldest: Neighbor | undefined;
    for (const neighbor of this.#byAddress.values()) {
      const isFree = neighbor.state === "stale" || neighbor.state === "failed";
      if (isFree && !(oldest !== undefined && oldest.updatedUs <= neighbor.updatedUs)) oldest = neighbor;
    }
    if (oldest !== undefined) this.forget(oldest.address);
    return oldest !== undefined;
  }

  #tick(neighbor: Neighbor): void {
    if (neighbor.state === "delay") {
      this.#become(neighbor, "probe");
      neighbor.asked = 0;
    }
    if (neighbor.asked < MOST_ASKS) return this.#ask(neighbor);
    this.#become(neighbor, "failed");
    for (const frame of neighbor.waiting.splice(0)) this.#user.failed(frame);
  }

  #ask(neighbor: Neighbor): void {
    neighbor.asked++;
    neighbor.alarm.set(this.#time.nowUs + ASK_US);
    const { state, address, macHigh: high, macLow: low, waiting } = neighbor;
    this.#user.ask(address, state === "probe" ? { high, low } : undefined, waiting[0]);
  }

  #become(neighbor: Neighbor, state: NeighborState): void {
    neighbor.state = state;
    neighbor.updatedUs = this.#time.nowUs;
  }

  #sendWaiting(neighbor: Neighbor): void {
    for (const frame of neighbor.waiting.splice(0)) this.#user.send(neighbor, frame);
  }
}
