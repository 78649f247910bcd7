/**
 * The frames by which machines on a link learn where an address is, written and read: question, probe, announcement and answer.
 * ARP for IPv4, neighbor discovery for IPv6, with the VLAN tag where there is one.
 */

import { contains, isIpv6, linkLocalOf, type Mac } from "../wire/address.ts";
import * as ethernet from "../wire/ethernet.ts";
import type { Plan } from "../path/plan.ts";
import { ArpFrames } from "./arp_frames.ts";
import type { Claim } from "./claim.ts";
import type { LinkQuestion } from "./link_question.ts";
import { NdFrames } from "./nd_frames.ts";
import { type Frame, OwnFrames } from "./own_frames.ts";

/** The machine that sends and reads. */
export type LinkPlan = Pick<Plan, "mac" | "vlan" | "addresses">;

export class LinkFrames {
  readonly #plan: LinkPlan;
  readonly #own: OwnFrames;
  readonly #arp: ArpFrames;
  readonly #nd: NdFrames;

  constructor(plan: LinkPlan) {
    this.#plan = plan;
    this.#own = new OwnFrames(plan);
    this.#arp = new ArpFrames(plan.mac, this.#own);
    this.#nd = new NdFrames(plan.mac, this.#own);
  }

  /** Asks who has a neighbor's address: the machine that is known to, or everyone (RFC 1122 2.3.2.1, RFC 4861 7.2.2). */
  question(address: string, mac: Mac | undefined): Frame {
    return this.#familyOf(address).question(this.#ownAddressFor(address), address, mac);
  }

  /** Asks who has an address from no address, so that nobody learns from it. Asks everyone, or only the machine with this MAC. */
  probe(address: string, mac?: Mac): Frame {
    return this.#familyOf(address).probe(address, mac);
  }

  /**
   * Tells everyone where an address is. `mac` may be that of a group, which Linux believes and RFC 1812 section 3.3.2
   * forbids.
   */
  announcement(address: string, mac: Mac = this.#plan.mac, isShared = false): Frame {
    return isIpv6(address)
      ? this.#nd.announcement(address, mac)
      : this.#arp.announcement(address, mac, isShared);
  }

  /** Tells who asked, and no other, where the address is. `mac` may be that of a group. */
  answer(question: LinkQuestion, mac: Mac): Frame {
    return this.#familyOf(question.address).answer(question, mac);
  }

  /** What a frame says of where an address is; undefined when it is no valid ARP or neighbor discovery, or says nothing. */
  claim(frame: Frame): Claim | undefined {
    return this.#reader(frame)?.claim(frame);
  }

  /**
   * What a frame asks. Undefined when it asks nothing, or only whether an address is free: who asks that names none of its own,
   * and must hear nothing from those who do not have it (RFC 5227 section 2.1.1, RFC 4862 section 5.4.3).
   */
  questionIn(frame: Frame): LinkQuestion | undefined {
    return this.#reader(frame)?.questionIn(frame);
  }

  #familyOf(address: string): ArpFrames | NdFrames {
    return isIpv6(address) ? this.#nd : this.#arp;
  }

  #reader(frame: Frame): ArpFrames | NdFrames | undefined {
    switch (this.#own.typeOf(frame)) {
      case ethernet.TYPE_ARP:
        return this.#arp;
      case ethernet.TYPE_IPV6:
        return this.#nd;
      default:
        return undefined;
    }
  }

  /** The address of ours that is on the neighbor's link; without one, 0.0.0.0 or the link-local one. */
  #ownAddressFor(address: string): string {
    const own = this.#plan.addresses.find((link) => contains(link, address))?.address;
    return own ?? (isIpv6(address) ? linkLocalOf(this.#plan.mac) : "0.0.0.0");
  }
}
