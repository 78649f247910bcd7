/** Frames with an IP packet that the control plane sends from its own addresses, and those that come to it, of either family. */

import { contains, ipAt, isIpv6, linkLocalOf, type Mac, octetsOf } from "../wire/address.ts";
import * as checksum from "../wire/checksum.ts";
import * as ethernet from "../wire/ethernet.ts";
import * as icmp from "../wire/icmpv4.ts";
import * as icmpv6 from "../wire/icmpv6.ts";
import * as ipv4 from "../wire/ipv4.ts";
import * as ipv6 from "../wire/ipv6.ts";
import * as protocol from "../wire/protocol.ts";
import * as tcp from "../wire/tcp.ts";
import * as transport from "../wire/transport.ts";
import { BROKEN_CHAIN, Packet } from "../path/packet.ts";
import type { LinkPlan } from "./link_frames.ts";
import { type Frame, OwnFrames } from "./own_frames.ts";

const HOP_LIMIT = 64;

const MOST_KNOWN = 4096;

/** Who sends to whom. */
export interface Way {
  /** An address of ours. */
  readonly from: string;
  readonly to: string;
  /** Of the machine that the frame goes to. */
  readonly mac: Mac;
}

/** A packet to be filled in. `upper` is where its upper layer begins. */
export interface Draft {
  readonly frame: Frame;
  readonly view: DataView;
  readonly ip: number;
  readonly upper: number;
}

export class IpFrames {
  readonly #plan: LinkPlan;
  readonly #own: OwnFrames;
  /** The octets of addresses: to read one of IPv6 takes as long as to write the rest of a frame. */
  readonly #known = new Map<string, Uint8Array>();

  constructor(plan: LinkPlan) {
    this.#plan = plan;
    this.#own = new OwnFrames(plan);
  }

  /** Our address that an answer from `address` would come to: on its link, or any of its family; undefined without one. */
  ownAddressFor(address: string): string | undefined {
    const own = this.#plan.addresses.filter((link) => isIpv6(link.address) === isIpv6(address));
    const found = own.find((link) => contains(link, address)) ?? own[0];
    return found?.address ?? (isIpv6(address) ? linkLocalOf(this.#plan.mac) : undefined);
  }

  /** An echo request with these two numbers of 16 bits. */
  echo({ from, to, mac }: Way, identifier: number, sequence: number): Frame {
    const isV6 = isIpv6(to);
    const { frame, view, ip, upper } = this.draft(
      { from, to, mac },
      isV6 ? protocol.ICMPV6 : protocol.ICMP,
      icmp.HEADER,
    );
    const rest = (identifier << 16) | sequence;
    if (isV6) {
      icmpv6.write(view, upper, icmpv6.ECHO_REQUEST, 0, rest);
      icmpv6.setChecksum(view, ip, upper, icmpv6.HEADER);
    } else {
      icmp.write(view, upper, icmp.ECHO_REQUEST, 0, rest);
      icmp.setChecksum(view, upper, icmp.HEADER);
    }
    return frame;
  }

  /** A UDP datagram. */
  datagram(way: Way, srcPort: number, dstPort: number, data: Uint8Array): Frame {
    const length = transport.UDP_HEADER + data.length;
    const draft = this.draft(way, protocol.UDP, length);
    draft.view.setUint16(draft.upper, srcPort);
    draft.view.setUint16(draft.upper + 2, dstPort);
    draft.frame.set(data, draft.upper + transport.UDP_HEADER);
    const pseudoSum = (isIpv6(way.to) ? ipv6 : ipv4).pseudoHeaderSum(
      draft.view,
      draft.ip,
      length,
      protocol.UDP,
    );
    transport.finishUdp(draft.view, draft.upper, length, pseudoSum);
    return draft.frame;
  }

  /** A packet with its headers, and `length` octets of upper layer yet to be written. */
  draft({ from, to, mac }: Way, upperProtocol: number, length: number): Draft {
    const ip = this.#own.header;
    const isV6 = isIpv6(to);
    const header = isV6 ? ipv6.HEADER : ipv4.HEADER;
    const type = isV6 ? ethernet.TYPE_IPV6 : ethernet.TYPE_IPV4;
    const { frame, view } = this.#own.make(mac, type, header + length);
    frame.set(this.#octetsOf(from), ip + (isV6 ? ipv6.SRC : ipv4.SRC));
    frame.set(this.#octetsOf(to), ip + (isV6 ? ipv6.DST : ipv4.DST));
    if (isV6) ipv6.write(view, ip, length, upperProtocol, HOP_LIMIT);
    else ipv4.write(view, ip, header + length, upperProtocol, HOP_LIMIT);
    return { frame, view, ip, upper: ip + header };
  }

  #octetsOf(address: string): Uint8Array {
    const known = this.#known.get(address);
    if (known !== undefined) return known;
    if (this.#known.size === MOST_KNOWN) this.#known.clear();
    const octets = octetsOf(address);
    this.#known.set(address, octets);
    return octets;
  }

  /** The whole IP packet to our MAC in a frame, its upper layer unread; undefined when there is none. */
  packetOf(frame: Frame): Packet | undefined {
    const packet = new Packet(frame);
    const { high, low } = this.#plan.mac;
    const isToUs = frame.length >= ethernet.HEADER && ethernet.dstHigh(packet.frame, 0) === high &&
      ethernet.dstLow(packet.frame, 0) === low;
    if (!isToUs || !this.#read(packet, this.#own.typeOf(frame))) return undefined;
    return packet.protocol === BROKEN_CHAIN || packet.isFragment ? undefined : packet;
  }

  /** The MAC that a frame came from. */
  macOf(frame: Frame): Mac {
    return this.#own.macOf(frame);
  }

  #read(packet: Packet, type: number | undefined): boolean {
    const ip = this.#own.header;
    const room = packet.bytes.length - ip;
    if (type === ethernet.TYPE_IPV4) return packet.readIpv4(ip, room);
    return type === ethernet.TYPE_IPV6 && packet.readIpv6(ip, room);
  }
}

/** Source and destination. */
export function addressesOf({ bytes, isIpv6, src, dst }: Packet): [from: string, to: string] {
  return [ipAt(bytes, src, isIpv6), ipAt(bytes, dst, isIpv6)];
}

/** Writes the checksum of a TCP segment of so many octets, whose other octets are there. */
export function finishTcp({ view, ip, upper }: Draft, isIpv6: boolean, length: number): void {
  const pseudoSum = (isIpv6 ? ipv6 : ipv4).pseudoHeaderSum(view, ip, length, protocol.TCP);
  tcp.setChecksum(view, upper, length, pseudoSum);
}

/** Is the checksum of a packet's TCP, UDP or ICMP right, and its header there? */
export function isUpperRight(packet: Packet): boolean {
  const { frame, ip, isIpv6, upper, upperLength } = packet;
  switch (packet.protocol) {
    case protocol.TCP:
      return upperLength >= tcp.HEADER && isSummedUp(packet);
    case protocol.UDP:
      return transport.isUdpRight(frame, upper, upperLength, packet.pseudoHeaderSum(upperLength), !isIpv6);
    case protocol.ICMPV6:
      return isIpv6 && upperLength >= icmpv6.HEADER && icmpv6.isChecksumRight(frame, ip, upper, upperLength);
    case protocol.ICMP:
      return !isIpv6 && upperLength >= icmp.HEADER && icmp.isChecksumRight(frame, upper, upperLength);
    default:
      return false;
  }
}

function isSummedUp(packet: Packet): boolean {
  const { frame, upper, upperLength } = packet;
  return checksum.sum(frame, upper, upperLength, packet.pseudoHeaderSum(upperLength)) === 0xffff;
}
