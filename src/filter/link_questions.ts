/** Questions of other machines about where an address is, and answers to them in the name of the group: ARP and neighbor discovery. */

import { isIpv6, type Mac, octetsOf, wordOf } from "../wire/address.ts";
import * as arp from "../wire/arp.ts";
import * as ethernet from "../wire/ethernet.ts";
import * as icmpv6 from "../wire/icmpv6.ts";
import * as ipv6 from "../wire/ipv6.ts";
import * as nd from "../wire/nd.ts";
import { type Frame, ipv4At, ipv6At, OwnFrames } from "../control/own_frames.ts";

export interface LinkQuestion {
  /** Whose place is asked for. */
  readonly address: string;
  /** The machine that asks. */
  readonly from: string;
  readonly mac: Mac;
}

const HOP_LIMIT = 255;

export class LinkQuestions {
  readonly #own: OwnFrames;

  /** `mac` is this machine's, the source of its frames. */
  constructor(mac: Mac) {
    this.#own = new OwnFrames({ mac, vlan: undefined });
  }

  /**
   * What a frame asks. Undefined when it asks nothing, or only whether an address is free: who asks that names none of its own,
   * and must hear nothing from those who do not have it (RFC 5227 section 2.1.1, RFC 4862 section 5.4.3).
   */
  read(frame: Frame): LinkQuestion | undefined {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
    switch (this.#own.typeOf(frame)) {
      case ethernet.TYPE_ARP:
        return this.#readArp(frame, view);
      case ethernet.TYPE_IPV6:
        return this.#readSolicitation(frame, view);
      default:
        return undefined;
    }
  }

  #readArp(frame: Frame, view: DataView): LinkQuestion | undefined {
    const at = this.#own.header;
    if (!arp.isValid(view, at, frame.length - at) || arp.operation(view, at) !== arp.REQUEST) {
      return undefined;
    }
    const mac = { high: arp.senderMacHigh(view, at), low: arp.senderMacLow(view, at) };
    const [from, address] = [ipv4At(frame, at + arp.SENDER_IP), ipv4At(frame, at + arp.TARGET_IP)];
    if (from === "0.0.0.0" || from === address || ethernet.isGroup(mac.high)) return undefined;
    return { address, from, mac };
  }

  #readSolicitation(frame: Frame, view: DataView): LinkQuestion | undefined {
    const message = this.#own.discoveryIn(frame);
    if (message === undefined) return undefined;
    const { at, length } = message;
    const ip = this.#own.header;
    if (icmpv6.type(view, at) !== icmpv6.NEIGHBOR_SOLICITATION) return undefined;
    if (ipv6.isUnspecified(view, ip + ipv6.SRC) || ipv6.isMulticast(view, ip + ipv6.SRC)) return undefined;
    const option = nd.optionAt(view, at, length, nd.SOURCE_LINK_LAYER);
    const mac = option === 0
      ? this.#own.macOf(frame)
      : { high: view.getUint16(option), low: view.getInt32(option + 2) };
    if (ethernet.isGroup(mac.high)) return undefined;
    return { address: ipv6At(frame, at + nd.TARGET), from: ipv6At(frame, ip + ipv6.SRC), mac };
  }

  /** Tells the machine that asked, and no other, that the address is at this MAC, as the dispatcher would. */
  answer({ address, from, mac }: LinkQuestion, place: Mac): Frame {
    return isIpv6(address)
      ? this.#advertisement(address, from, mac, place)
      : this.#reply(address, from, mac, place);
  }

  #reply(address: string, to: string, dst: Mac, { high, low }: Mac): Frame {
    const frame = this.#own.make(dst, ethernet.TYPE_ARP, arp.LENGTH);
    const view = new DataView(frame.buffer);
    arp.write(view, this.#own.header, arp.REPLY, high, low, wordOf(address), dst.high, dst.low, wordOf(to));
    return frame;
  }

  #advertisement(address: string, to: string, dst: Mac, { high, low }: Mac): Frame {
    const frame = this.#own.make(dst, ethernet.TYPE_IPV6, ipv6.HEADER + nd.LENGTH);
    const view = new DataView(frame.buffer);
    const ip = this.#own.header;
    const message = ip + ipv6.HEADER;
    ipv6.write(view, ip, nd.LENGTH, ipv6.ICMPV6, HOP_LIMIT);
    frame.set(octetsOf(address), ip + ipv6.SRC);
    frame.set(octetsOf(to), ip + ipv6.DST);
    frame.set(octetsOf(address), message + nd.TARGET);
    nd.writeOption(view, message, nd.TARGET_LINK_LAYER, high, low);
    const flags = nd.ROUTER | nd.SOLICITED | nd.OVERRIDE;
    icmpv6.write(view, ip, message, icmpv6.NEIGHBOR_ADVERTISEMENT, 0, flags, nd.LENGTH);
    return frame;
  }
}
