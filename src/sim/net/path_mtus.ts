/** What a machine has been told of the MTUs of the ways to others: RFC 1191, RFC 8201; as Linux, for ten minutes. */

import type { VirtualClock } from "../../system/virtual_clock.ts";
import { isIpv6 } from "../../wire/address.ts";
import { AddressMap } from "./address_map.ts";

const KEPT_US = 600_000_000;
/** Less is not believed: min_pmtu, and the least MTU of IPv6. */
const LEAST = 552;
const LEAST6 = 1280;
/** Addresses; the oldest one gives way. */
const MOST = 1024;

export interface PathMtu {
  readonly address: string;
  readonly mtu: number;
  readonly untilUs: number;
}

export class PathMtus {
  readonly #time: VirtualClock;
  readonly #byAddress = new AddressMap<PathMtu>();

  constructor(time: VirtualClock) {
    this.#time = time;
  }

  get all(): PathMtu[] {
    return [...this.#byAddress.values()].filter(({ untilUs }) => untilUs > this.#time.nowUs);
  }

  /** On the way to the address at an offset; Infinity where nothing is known. */
  at(frame: DataView, at: number, isV6: boolean): number {
    if (this.#byAddress.size === 0) return Infinity;
    const known = this.#byAddress.at(frame, at, isV6);
    return known === undefined || known.untilUs <= this.#time.nowUs ? Infinity : known.mtu;
  }

  /** A router says so. */
  learn(address: string, mtu: number): void {
    if (this.#byAddress.size === MOST) this.#byAddress.delete(this.#byAddress.values().next().value!.address);
    const least = isIpv6(address) ? LEAST6 : LEAST;
    this.#byAddress.set(address, {
      address,
      mtu: Math.max(least, mtu),
      untilUs: this.#time.nowUs + KEPT_US,
    });
  }

  clear(): void {
    this.#byAddress.clear();
  }
}
