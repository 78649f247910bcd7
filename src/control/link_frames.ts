/**
 * Frames that the control plane sends and reads on the link: who has an address, here is one, that one is mine. ARP for IPv4,
 * neighbor discovery for IPv6, with the VLAN tag where there is one.
 */

import { contains, isIpv6, linkLocalOf, type Mac, octetsOf, wordOf, wordsOf } from "../wire/address.ts";
import * as arp from "../wire/arp.ts";
import * as ethernet from "../wire/ethernet.ts";
import * as icmpv6 from "../wire/icmpv6.ts";
import * as ipv6 from "../wire/ipv6.ts";
import * as nd from "../wire/nd.ts";
import type { Plan } from "../path/plan.ts";
import { type Frame, ipv4At, ipv6At, OwnFrames } from "./own_frames.ts";

/** An address and the machine that says it has it. */
export interface Claim {
  readonly address: string;
  readonly mac: Mac;
  /** It names the address as its own while it asks for another one's; otherwise it answers, or tells everyone. */
  readonly isAsking: boolean;
  /** Answers only: to everyone, or to the question of a machine that named no address. */
  readonly toNobody: boolean;
}

const BROADCAST: Mac = { high: 0xffff, low: -1 };
const ALL_NODES: Mac = { high: nd.GROUP_MAC_HIGH, low: nd.ALL_NODES_MAC_LOW };
const HOP_LIMIT = 255;

/** The machine that sends and reads. */
export type LinkPlan = Pick<Plan, "mac" | "vlan" | "addresses">;

export class LinkFrames {
  readonly #plan: LinkPlan;
  readonly #own: OwnFrames;

  constructor(plan: LinkPlan) {
    this.#plan = plan;
    this.#own = new OwnFrames(plan);
  }

  /** Asks who has a neighbor's address: the machine that is known to, or everyone (RFC 1122 2.3.2.1, RFC 4861 7.2.2). */
  question(address: string, mac: Mac | undefined): Frame {
    const own = this.#ownAddressFor(address);
    return isIpv6(address)
      ? this.#solicitation(address, own, mac)
      : this.#arp(arp.REQUEST, own, address, mac ?? BROADCAST);
  }

  /**
   * Tells everyone where one of our addresses is: a gratuitous ARP request (RFC 5944 4.6) or an unsolicited advertisement.
   * `mac` may be that of a group, which Linux believes and RFC 1812 section 3.3.2 forbids.
   */
  announcement(address: string, mac: Mac = this.#plan.mac): Frame {
    if (!isIpv6(address)) return this.#arp(arp.REQUEST, address, address, BROADCAST, mac);
    const frame = this.#icmpv6(ALL_NODES, address, "ff02::1");
    const { view, ip, message } = this.#places(frame);
    frame.set(octetsOf(address), message + nd.TARGET);
    nd.writeOption(view, message, nd.TARGET_LINK_LAYER, mac.high, mac.low);
    icmpv6.write(view, ip, message, icmpv6.NEIGHBOR_ADVERTISEMENT, 0, nd.ROUTER | nd.OVERRIDE, nd.LENGTH);
    return frame;
  }

  /**
   * Asks who has an address from no address, so that nobody learns from it: RFC 5227 section 2.1.1, RFC 4862 section 5.4.2.
   * Asks everyone, or only the machine with this MAC.
   */
  probe(address: string, mac?: Mac): Frame {
    return isIpv6(address)
      ? this.#solicitation(address, "::", mac)
      : this.#arp(arp.REQUEST, "0.0.0.0", address, mac ?? BROADCAST);
  }

  /** What a frame says of where an address is; undefined when it is no valid ARP or neighbor discovery, or says nothing. */
  claim(frame: Frame): Claim | undefined {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
    switch (this.#own.typeOf(frame)) {
      case ethernet.TYPE_ARP:
        return this.#arpClaim(frame, view);
      case ethernet.TYPE_IPV6:
        return this.#discoveryClaim(frame, view);
      default:
        return undefined;
    }
  }

  #arpClaim(frame: Frame, view: DataView): Claim | undefined {
    const packet = this.#own.header;
    if (!arp.isValid(view, packet, view.byteLength - packet)) return undefined;
    const address = ipv4At(frame, packet + arp.SENDER_IP);
    const about = ipv4At(frame, packet + arp.TARGET_IP);
    const isAsking = arp.operation(view, packet) === arp.REQUEST && address !== about;
    const mac = { high: arp.senderMacHigh(view, packet), low: arp.senderMacLow(view, packet) };
    return { address, mac, isAsking, toNobody: about === "0.0.0.0" };
  }

  #discoveryClaim(frame: Frame, view: DataView): Claim | undefined {
    const message = this.#own.discoveryIn(frame);
    if (message === undefined) return undefined;
    const { at, length } = message;
    const sender = this.#own.macOf(frame);
    switch (icmpv6.type(view, at)) {
      case icmpv6.NEIGHBOR_SOLICITATION: {
        const address = ipv6At(frame, this.#own.header + ipv6.SRC);
        return { address, mac: sender, isAsking: true, toNobody: false };
      }
      case icmpv6.NEIGHBOR_ADVERTISEMENT: {
        const option = nd.optionAt(view, at, length, nd.TARGET_LINK_LAYER);
        const mac = option > 0 ? { high: view.getUint16(option), low: view.getInt32(option + 2) } : sender;
        const toNobody = !nd.isSolicited(view, at);
        return { address: ipv6At(frame, at + nd.TARGET), mac, isAsking: false, toNobody };
      }
      default:
        return undefined;
    }
  }

  /** The address of ours that is on the neighbor's link; without one, 0.0.0.0 or the link-local one. */
  #ownAddressFor(address: string): string {
    const own = this.#plan.addresses.find((link) => contains(link, address))?.address;
    return own ?? (isIpv6(address) ? linkLocalOf(this.#plan.mac) : "0.0.0.0");
  }

  #arp(operation: number, sender: string, target: string, dst: Mac, mac: Mac = this.#plan.mac): Frame {
    const frame = this.#own.make(dst, ethernet.TYPE_ARP, arp.LENGTH);
    const { view, ip } = this.#places(frame);
    const { high, low } = mac;
    arp.write(view, ip, operation, high, low, wordOf(sender), 0, 0, wordOf(target));
    return frame;
  }

  #solicitation(target: string, from: string, mac: Mac | undefined): Frame {
    const groupLow = nd.solicitedNodeMacLow(wordsOf(target)[3]!);
    const group = `ff02::1:ff${(groupLow >>> 16 & 255).toString(16).padStart(2, "0")}:${
      (groupLow & 0xffff).toString(16)
    }`;
    const dst = mac ?? { high: nd.GROUP_MAC_HIGH, low: groupLow };
    const isProbe = from === "::";
    const frame = this.#icmpv6(dst, from, mac === undefined || isProbe ? group : target);
    const { view, ip, message } = this.#places(frame);
    frame.set(octetsOf(target), message + nd.TARGET);
    if (!isProbe) {
      nd.writeOption(view, message, nd.SOURCE_LINK_LAYER, this.#plan.mac.high, this.#plan.mac.low);
    }
    const length = isProbe ? nd.HEADER : nd.LENGTH;
    ipv6.write(view, ip, length, ipv6.ICMPV6, HOP_LIMIT);
    icmpv6.write(view, ip, message, icmpv6.NEIGHBOR_SOLICITATION, 0, 0, length);
    return frame.slice(0, message + length);
  }

  #icmpv6(dst: Mac, from: string, to: string): Frame {
    const frame = this.#own.make(dst, ethernet.TYPE_IPV6, ipv6.HEADER + nd.LENGTH);
    const { view, ip } = this.#places(frame);
    ipv6.write(view, ip, nd.LENGTH, ipv6.ICMPV6, HOP_LIMIT);
    frame.set(octetsOf(from), ip + ipv6.SRC);
    frame.set(octetsOf(to), ip + ipv6.DST);
    return frame;
  }

  #places(frame: Frame): { view: DataView; ip: number; message: number } {
    return {
      view: new DataView(frame.buffer),
      ip: this.#own.header,
      message: this.#own.header + ipv6.HEADER,
    };
  }
}
