/**
 * Frames that the control plane sends and reads on the link: who has an address, here is one, that one is mine. ARP for IPv4,
 * neighbor discovery for IPv6, with the VLAN tag where there is one.
 */

import { contains, ipOf, isIpv6, linkLocalOf, type Mac, octetsOf, wordOf, wordsOf } from "../wire/address.ts";
import * as arp from "../wire/arp.ts";
import * as ethernet from "../wire/ethernet.ts";
import * as icmpv6 from "../wire/icmpv6.ts";
import * as ipv6 from "../wire/ipv6.ts";
import * as nd from "../wire/nd.ts";
import type { Plan } from "../path/plan.ts";

type Frame = Uint8Array<ArrayBuffer>;

/** An address and the machine that says it has it. */
export interface Claim {
  readonly address: string;
  readonly mac: Mac;
}

const BROADCAST: Mac = { high: 0xffff, low: -1 };
const ALL_NODES: Mac = { high: nd.GROUP_MAC_HIGH, low: nd.ALL_NODES_MAC_LOW };
const HOP_LIMIT = 255;

export class LinkFrames {
  readonly #plan: Plan;
  /** Octets before the payload. */
  readonly #header: number;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#header = plan.vlan === undefined ? ethernet.HEADER : ethernet.TAGGED_HEADER;
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

  /** Asks whether an IPv6 address of ours is free, RFC 4862 section 5.4.2: from no address, so that nobody learns from it. */
  probe(address: string): Frame {
    return this.#solicitation(address, "::", undefined);
  }

  /** Who answers in this ARP reply or neighbor advertisement, which the path has found valid. */
  answer(frame: Frame): Claim {
    const { view, ip } = this.#places(frame);
    if (!this.#isIpv6(view)) return arpSender(view, ip);
    return this.#advertised(frame);
  }

  /** Who claims one of our addresses in this ARP packet, solicitation or advertisement, which the path has found valid. */
  claim(frame: Frame): Claim {
    const { view, ip } = this.#places(frame);
    if (!this.#isIpv6(view)) return arpSender(view, ip);
    const { at } = this.#walked(view, ip);
    if (icmpv6.type(view, at) === icmpv6.NEIGHBOR_ADVERTISEMENT) return this.#advertised(frame);
    const address = ipOf(frame.slice(ip + ipv6.SRC, ip + ipv6.SRC + 16));
    return { address, mac: { high: ethernet.srcHigh(view, 0), low: ethernet.srcLow(view, 0) } };
  }

  #advertised(frame: Frame): Claim {
    const { view, ip } = this.#places(frame);
    const { at } = this.#walked(view, ip);
    const length = ip + ipv6.totalLength(view, ip) - at;
    const option = nd.optionAt(view, at, length, nd.TARGET_LINK_LAYER);
    const mac = option > 0
      ? { high: view.getUint16(option), low: view.getInt32(option + 2) }
      : { high: ethernet.srcHigh(view, 0), low: ethernet.srcLow(view, 0) };
    return { address: ipOf(frame.slice(at + nd.TARGET, at + nd.TARGET + 16)), mac };
  }

  #walked(view: DataView, ip: number): ipv6.Extensions {
    const extensions = new ipv6.Extensions();
    extensions.walk(view, ip, ipv6.totalLength(view, ip));
    return extensions;
  }

  #isIpv6(view: DataView): boolean {
    return view.getUint16(this.#header - 2) === ethernet.TYPE_IPV6;
  }

  /** The address of ours that is on the neighbor's link; without one, 0.0.0.0 or the link-local one. */
  #ownAddressFor(address: string): string {
    const own = this.#plan.addresses.find((link) => contains(link, address))?.address;
    return own ?? (isIpv6(address) ? linkLocalOf(this.#plan.mac) : "0.0.0.0");
  }

  #arp(operation: number, sender: string, target: string, dst: Mac, mac: Mac = this.#plan.mac): Frame {
    const frame = this.#frame(dst, ethernet.TYPE_ARP, arp.LENGTH);
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
    const frame = this.#icmpv6(dst, from, mac === undefined ? group : target);
    const { view, ip, message } = this.#places(frame);
    frame.set(octetsOf(target), message + nd.TARGET);
    const isProbe = from === "::";
    if (!isProbe) {
      nd.writeOption(view, message, nd.SOURCE_LINK_LAYER, this.#plan.mac.high, this.#plan.mac.low);
    }
    const length = isProbe ? nd.HEADER : nd.LENGTH;
    ipv6.write(view, ip, length, ipv6.ICMPV6, HOP_LIMIT);
    icmpv6.write(view, ip, message, icmpv6.NEIGHBOR_SOLICITATION, 0, 0, length);
    return frame.slice(0, message + length);
  }

  #icmpv6(dst: Mac, from: string, to: string): Frame {
    const frame = this.#frame(dst, ethernet.TYPE_IPV6, ipv6.HEADER + nd.LENGTH);
    const { view, ip } = this.#places(frame);
    ipv6.write(view, ip, nd.LENGTH, ipv6.ICMPV6, HOP_LIMIT);
    frame.set(octetsOf(from), ip + ipv6.SRC);
    frame.set(octetsOf(to), ip + ipv6.DST);
    return frame;
  }

  #frame(dst: Mac, type: number, payload: number): Frame {
    const frame = new Uint8Array(this.#header + payload);
    const view = new DataView(frame.buffer);
    const { mac, vlan } = this.#plan;
    ethernet.setDst(view, 0, dst.high, dst.low);
    ethernet.setSrc(view, 0, mac.high, mac.low);
    if (vlan === undefined) {
      ethernet.setType(view, 0, type);
    } else {
      ethernet.setType(view, 0, ethernet.TYPE_VLAN);
      view.setUint16(ethernet.HEADER, vlan);
      view.setUint16(ethernet.HEADER + 2, type);
    }
    return frame;
  }

  #places(frame: Frame): { view: DataView; ip: number; message: number } {
    return { view: new DataView(frame.buffer), ip: this.#header, message: this.#header + ipv6.HEADER };
  }
}

function arpSender(view: DataView, packet: number): Claim {
  const octets = new Uint8Array(view.buffer, packet + arp.SENDER_IP, 4);
  return {
    address: ipOf(octets),
    mac: { high: arp.senderMacHigh(view, packet), low: arp.senderMacLow(view, packet) },
  };
}
