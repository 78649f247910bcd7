/**
 * What two dispatchers share by VRRP (RFC 9568), as the path sees it: the virtual MACs, one for each family, which are this dispatcher's
 * while it is active in that family. Its own MAC and its own addresses stay its own whoever is active.
 */

import { isIpv6 } from "../wire/address.ts";
import * as ipv4 from "../wire/ipv4.ts";
import * as ipv6 from "../wire/ipv6.ts";
import * as vrrp from "../wire/vrrp.ts";
import type { Egress } from "./egress.ts";
import type { Limits } from "./limits.ts";
import type { Packet } from "./packet.ts";
import type { Plan } from "./plan.ts";
import * as verdict from "./verdict.ts";

/** No virtual router has it. */
const NO_ID = 0;
/** The last octet of a virtual MAC is the virtual router's number. */
const ID_OCTET = 0xff;
const MAC4 = vrrp.macOf(0, false).low;
const MAC6 = vrrp.macOf(0, true).low;

export class Pair {
  readonly #id: number;
  /** In which families something is shared. */
  readonly #has4: boolean;
  readonly #has6: boolean;
  readonly #egress: Egress;
  readonly #limits: Limits;

  constructor({ vrrp }: Plan, egress: Egress, limits: Limits) {
    const addresses = vrrp?.addresses ?? [];
    this.#id = vrrp?.id ?? NO_ID;
    this.#has4 = addresses.some((address) => !isIpv6(address));
    this.#has6 = addresses.some(isIpv6);
    this.#egress = egress;
    this.#limits = limits;
  }

  /** Does it have the shared addresses of a family? Without a pair they are its own. */
  isActive(isIpv6: boolean): boolean {
    return !this.#has(isIpv6) || this.#egress.table.isActive(isIpv6);
  }

  /** Is it a virtual MAC of the pair? Whose it is now says `isActiveAt`. */
  isVirtualMac(high: number, low: number): boolean {
    if (high !== 0 || (low & ID_OCTET) !== this.#id) return false;
    const family = low & ~ID_OCTET;
    return (family === MAC4 && this.#has4) || (family === MAC6 && this.#has6);
  }

  isActiveAt(virtualMacLow: number): boolean {
    return this.isActive((virtualMacLow & ~ID_OCTET) === MAC6);
  }

  /** Is it the MAC by which all VRRP routers hear advertisements of a family that is shared? */
  isGroupMac(high: number, low: number): boolean {
    const { GROUP4_MAC, GROUP6_MAC } = vrrp;
    return (this.#has4 && high === GROUP4_MAC.high && low === GROUP4_MAC.low) ||
      (this.#has6 && high === GROUP6_MAC.high && low === GROUP6_MAC.low);
  }

  /**
   * An advertisement from another machine, handed up when all holds that RFC 9568 section 7.1 asks for, so many a second. What is wrong goes
   * no further, so that no flood of it keeps out what is right, or anything else that is heard.
   */
  hear(packet: Packet): number {
    const { frame, ip, upper, isIpv6: isV6, hopLimit } = packet;
    if (!this.#has(isV6)) return verdict.DROP_GROUP;
    const isToGroup = isV6 ? ipv6.isVrrpGroup(frame, packet.dst) : ipv4.dst(frame, ip) === vrrp.GROUP4_WORD;
    if (!isToGroup || hopLimit !== vrrp.HOP_LIMIT || packet.isFragment) return verdict.DROP_VRRP_MALFORMED;
    if (!vrrp.isValid(frame, upper, packet.upperLength, isV6)) return verdict.DROP_VRRP_MALFORMED;
    if (vrrp.id(frame, upper) !== this.#id) return verdict.DROP_VRRP_OTHER;
    if (!vrrp.isChecksumRight(frame, ip, upper, isV6)) return verdict.DROP_VRRP_MALFORMED;
    return this.#limits.allow(verdict.HEARD_ADVERTISEMENT)
      ? verdict.HEARD_ADVERTISEMENT
      : verdict.DROP_RATE_LIMIT;
  }

  #has(isIpv6: boolean): boolean {
    return isIpv6 ? this.#has6 : this.#has4;
  }
}
