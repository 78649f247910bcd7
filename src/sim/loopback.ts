/** What a host has on its loopback, and whether it keeps silent about it, as a backend must. */

import { hostLength, isIpv6 } from "../wire/address.ts";
import type { Interface } from "./net/interface.ts";
import type { IpLayer } from "./net/ip_layer.ts";

export class Loopback {
  readonly #ip: IpLayer;
  readonly #interface: Interface;
  #addresses: readonly string[] = [];
  #isSilent: boolean;

  /** `on`: the interface that is silent, or answers. */
  constructor(ip: IpLayer, on: Interface, isSilent: boolean) {
    this.#ip = ip;
    this.#interface = on;
    this.#isSilent = isSilent;
    this.#keepSilent();
  }

  get addresses(): readonly string[] {
    return this.#addresses;
  }

  get isSilent(): boolean {
    return this.#isSilent;
  }

  /** It has these from now on, and no others. */
  hold(addresses: readonly string[]): void {
    for (const address of this.#addresses) this.#ip.removeAddress(address);
    this.#addresses = addresses;
    for (const address of addresses) {
      // Linux answers neighbor solicitations only for what the interface itself has, so that IPv6 is loud from there alone.
      const isLoud = isIpv6(address) && !this.#isSilent;
      this.#ip.addAddress(isLoud ? this.#interface : undefined, `${address}/${hostLength(address)}`);
    }
  }

  setSilent(isSilent: boolean): void {
    this.#isSilent = isSilent;
    this.#keepSilent();
    this.hold(this.#addresses);
  }

  #keepSilent(): void {
    this.#interface.arpIgnore = this.#isSilent ? 1 : 0;
    this.#interface.arpAnnounce = this.#isSilent ? 2 : 0;
  }
}
