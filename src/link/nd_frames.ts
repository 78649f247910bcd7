/** Frames with neighbor discovery for IPv6 (RFC 4861), written and read. Addresses are canonical text. */

import { ipAt, type Mac, octetsOf, wordsOf } from "../wire/address.ts";
import * as ethernet from "../wire/ethernet.ts";
import * as icmpv6 from "../wire/icmpv6.ts";
import * as ipv6 from "../wire/ipv6.ts";
import * as nd from "../wire/nd.ts";
import * as protocol from "../wire/protocol.ts";
import { Packet } from "../path/packet.ts";
import type { Claim } from "./claim.ts";
import type { LinkQuestion } from "./link_question.ts";
import { type Frame, type OwnFrames, viewOf } from "./own_frames.ts";

/** No address: the source of a probe. */
const NOBODY = "::";
const ALL_NODES = "ff02::1";
const ALL_NODES_MAC: Mac = { high: nd.GROUP_MAC_HIGH, low: nd.ALL_NODES_MAC_LOW };
/** The group of an address ends in its last three octets. */
const SOLICITED_NODE = "ff02::1:ff00:0";
const HOP_LIMIT = 255;
/** Of an advertisement. */
const OF_ROUTER = nd.ROUTER | nd.OVERRIDE;

/** What a message says. */
interface Message {
  readonly type: number;
  readonly flags: number;
  readonly target: string;
  /** In the option: the source's MAC in a solicitation, the target's in an advertisement. */
  readonly mac: Mac | undefined;
}

export class NdFrames {
  readonly #mac: Mac;
  readonly #own: OwnFrames;

  /** `mac` is this machine's. */
  constructor(mac: Mac, own: OwnFrames) {
    this.#mac = mac;
    this.#own = own;
  }

  /** Asks the machine with this MAC, or the address's group, who has an address: RFC 4861 section 7.2.2. */
  question(from: string, address: string, mac?: Mac): Frame {
    const to = mac === undefined ? groupOf(address) : octetsOf(address);
    const message = { type: icmpv6.NEIGHBOR_SOLICITATION, flags: 0, target: address, mac: this.#mac };
    return this.#frame(mac ?? groupMacOf(address), from, to, message);
  }

  /** A question from no address, so that nobody learns from it: RFC 4862 section 5.4.2. */
  probe(address: string, mac?: Mac): Frame {
    const message = { type: icmpv6.NEIGHBOR_SOLICITATION, flags: 0, target: address, mac: undefined };
    return this.#frame(mac ?? groupMacOf(address), NOBODY, groupOf(address), message);
  }

  /** Tells everyone where an address is: an unsolicited advertisement. `flags`: a router's by default. */
  announcement(address: string, mac: Mac, flags: number = OF_ROUTER): Frame {
    return this.#advertisement(ALL_NODES_MAC, ALL_NODES, address, mac, flags);
  }

  /** Tells who asked, and no other, where the address is; without a MAC, that it is where it was asked. */
  answer(
    { address, from, mac: asker }: LinkQuestion,
    mac: Mac | undefined,
    flags: number = OF_ROUTER,
  ): Frame {
    return this.#advertisement(asker, from, address, mac, flags | nd.SOLICITED);
  }

  /** What a frame says of where an address is; undefined when it is no valid neighbor discovery, or says nothing of it. */
  claim(frame: Frame): Claim | undefined {
    const found = this.#find(frame);
    if (found === undefined) return undefined;
    const { at, length } = found;
    switch (icmpv6.type(viewOf(frame), at)) {
      case icmpv6.NEIGHBOR_SOLICITATION: {
        const address = addressAt(frame, this.#own.header + ipv6.SRC);
        return { address, mac: this.#own.macOf(frame), isAsking: true, toNobody: false };
      }
      case icmpv6.NEIGHBOR_ADVERTISEMENT: {
        const mac = this.#macIn(frame, at, length, nd.TARGET_LINK_LAYER);
        const toNobody = !nd.isSolicited(viewOf(frame), at);
        return { address: addressAt(frame, at + nd.TARGET), mac, isAsking: false, toNobody };
      }
      default:
        return undefined;
    }
  }

  /** What a frame asks; undefined when it asks nothing, probes, or would have the answer go to a group. */
  questionIn(frame: Frame): LinkQuestion | undefined {
    const found = this.#find(frame);
    const view = viewOf(frame);
    if (found === undefined || icmpv6.type(view, found.at) !== icmpv6.NEIGHBOR_SOLICITATION) return undefined;
    const src = this.#own.header + ipv6.SRC;
    if (ipv6.isUnspecified(view, src) || ipv6.isMulticast(view, src)) return undefined;
    const mac = this.#macIn(frame, found.at, found.length, nd.SOURCE_LINK_LAYER);
    if (ethernet.isGroup(mac.high)) return undefined;
    return { address: addressAt(frame, found.at + nd.TARGET), from: addressAt(frame, src), mac };
  }

  /** The valid message that a frame carries. */
  #find(frame: Frame): { at: number; length: number } | undefined {
    const packet = new Packet(frame);
    const ip = this.#own.header;
    if (!packet.readIpv6(ip, frame.length - ip) || !packet.isIcmp) return undefined;
    const { upper: at, upperLength: length } = packet;
    return nd.isValid(packet.frame, ip, at, length) ? { at, length } : undefined;
  }

  /** The MAC in the option of this type; the frame's source where there is none. */
  #macIn(frame: Frame, at: number, length: number, option: number): Mac {
    const view = viewOf(frame);
    const mac = nd.optionAt(view, at, length, option);
    return mac > 0 ? { high: view.getUint16(mac), low: view.getInt32(mac + 2) } : this.#own.macOf(frame);
  }

  #advertisement(dst: Mac, to: string, address: string, mac: Mac | undefined, flags: number): Frame {
    return this.#frame(dst, address, octetsOf(to), {
      type: icmpv6.NEIGHBOR_ADVERTISEMENT,
      flags,
      target: address,
      mac,
    });
  }

  #frame(dst: Mac, from: string, to: Uint8Array, { type, flags, target, mac }: Message): Frame {
    const length = mac === undefined ? nd.HEADER : nd.LENGTH;
    const { frame, view } = this.#own.make(dst, ethernet.TYPE_IPV6, ipv6.HEADER + length);
    const ip = this.#own.header;
    const at = ip + ipv6.HEADER;
    ipv6.write(view, ip, length, protocol.ICMPV6, HOP_LIMIT);
    frame.set(octetsOf(from), ip + ipv6.SRC);
    frame.set(to, ip + ipv6.DST);
    frame.set(octetsOf(target), at + nd.TARGET);
    const option = type === icmpv6.NEIGHBOR_SOLICITATION ? nd.SOURCE_LINK_LAYER : nd.TARGET_LINK_LAYER;
    if (mac !== undefined) nd.writeOption(view, at, option, mac.high, mac.low);
    icmpv6.write(view, at, type, 0, flags);
    icmpv6.setChecksum(view, ip, at, length);
    return frame;
  }
}

/** The solicited-node group of an address, RFC 4291 section 2.7.1. */
function groupOf(address: string): Uint8Array {
  const group = octetsOf(SOLICITED_NODE);
  group.set(octetsOf(address).subarray(13), 13);
  return group;
}

function groupMacOf(address: string): Mac {
  return { high: nd.GROUP_MAC_HIGH, low: nd.solicitedNodeMacLow(wordsOf(address)[3]!) };
}

function addressAt(frame: Frame, at: number): string {
  return ipAt(frame, at, true);
}
