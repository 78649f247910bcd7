/**
 * The frame in hand and the IP packet in it: one record, allocated once and refilled for each packet. What the path asks of a
 * packet of either family stands here, so that only the reading of its headers is written twice.
 *
 *     | Ethernet | IP header, extension headers | upper layer ...         | padding |
 *     at         ip                             upper                     end
 *
 * In a later fragment `upper` is where the fragment's octets begin.
 */

import * as ipv4 from "../wire/ipv4.ts";
import * as ipv6 from "../wire/ipv6.ts";
import * as protocol from "../wire/protocol.ts";

/** The protocol of an IPv6 packet whose chain of extension headers is broken, cut off or too long. */
export const BROKEN_CHAIN = -1;

/** More extension headers in one packet serve no one but an attacker. */
const MOST_EXTENSIONS = 8;

export class Packet {
  /** The slot, as numbers and as octets. */
  readonly frame: DataView;
  readonly bytes: Uint8Array<ArrayBuffer>;

  // The frame, as the dispatcher got it.
  at = 0;
  /** Octets of the frame without a VLAN tag: as it came, and then as it is to be sent or handed up. */
  length = 0;
  /** Addressed to our MAC, and not to a group. */
  isUnicast = false;

  // The packet, as `readIpv4` or `readIpv6` found it.
  isIpv6 = false;
  ip = 0;
  upper = 0;
  end = 0;
  /** As it came. IPv4 calls it time to live. */
  hopLimit = 0;
  /** Of the upper layer; or BROKEN_CHAIN, and then nothing below is known. */
  protocol = 0;
  /** Of a fragment: its offset in octets, plus one when more follow. 0 when the packet is whole. */
  fragment = 0;
  /**
   * The type of a routing header that names nodes still to be visited, as octets from `ip`; 0 when there is none. Always 0 in
   * IPv4, whose source routes are options.
   */
  routingType = 0;
  /** The octet that named `protocol`, counted from `ip`: a Parameter Problem of ICMPv6 points there. 0 in IPv4. */
  pointer = 0;
  /** Where the addresses stand. */
  src = 0;
  dst = 0;

  constructor(slot: Uint8Array<ArrayBuffer>) {
    this.bytes = slot;
    this.frame = new DataView(slot.buffer, slot.byteOffset, slot.byteLength);
  }

  /** Reads the IPv4 header at `ip`, from where `room` octets are there. False when it is malformed. */
  readIpv4(ip: number, room: number): boolean {
    const { frame } = this;
    if (!ipv4.isValid(frame, ip, room)) return false;
    // Everything is read before anything is written, which V8 makes faster code of.
    const upper = ip + ipv4.headerLength(frame, ip);
    const end = ip + ipv4.totalLength(frame, ip);
    const ttl = ipv4.ttl(frame, ip);
    const upperProtocol = ipv4.protocol(frame, ip);
    const fragment = ipv4.fragmentOffsetAndMore(frame, ip);
    this.isIpv6 = false;
    this.ip = ip;
    this.src = ip + ipv4.SRC;
    this.dst = ip + ipv4.DST;
    this.upper = upper;
    this.end = end;
    this.hopLimit = ttl;
    this.protocol = upperProtocol;
    this.fragment = fragment;
    this.routingType = 0;
    this.pointer = 0;
    return true;
  }

  /** The same for IPv6, its extension headers included. False when the first header is malformed. */
  readIpv6(ip: number, room: number): boolean {
    const { frame } = this;
    if (!ipv6.isValid(frame, ip, room)) return false;
    const end = ip + ipv6.totalLength(frame, ip);
    const hopLimit = ipv6.hopLimit(frame, ip);
    const nextHeader = ipv6.nextHeader(frame, ip);
    this.isIpv6 = true;
    this.ip = ip;
    this.src = ip + ipv6.SRC;
    this.dst = ip + ipv6.DST;
    this.upper = ip + ipv6.HEADER;
    this.end = end;
    this.hopLimit = hopLimit;
    this.protocol = nextHeader;
    this.fragment = 0;
    this.routingType = 0;
    this.pointer = ipv6.NEXT_HEADER;
    if (ipv6.isExtension(nextHeader)) this.#walkExtensions();
    return true;
  }

  /** Moves `upper`, `protocol` and `pointer` behind the extension headers. */
  #walkExtensions(): void {
    for (let count = 0; count < MOST_EXTENSIONS; count++) {
      const extension = this.upper;
      if (!this.#readExtension(extension)) break;
      this.pointer = extension - this.ip;
      this.protocol = this.frame.getUint8(extension);
      // The octets of a later fragment are from the middle of something: no header begins there.
      if (this.isLaterFragment || !ipv6.isLaterExtension(this.protocol)) return;
    }
    this.protocol = BROKEN_CHAIN;
  }

  /** False when the extension header is cut off. */
  #readExtension(extension: number): boolean {
    const { frame } = this;
    if (extension + ipv6.LEAST_EXTENSION > this.end) return false;
    this.upper = extension + ipv6.extensionLength(frame, extension, this.protocol);
    if (this.upper > this.end) return false;
    if (this.protocol === protocol.FRAGMENT) {
      // A second fragment header must not hide the first.
      this.fragment |= ipv6.fragmentOffsetAndMore(frame, extension);
    } else if (this.protocol === protocol.ROUTING && ipv6.segmentsLeft(frame, extension) !== 0) {
      this.routingType = extension + ipv6.ROUTING_TYPE - this.ip;
    }
    return true;
  }

  /** ICMP in IPv4, ICMPv6 in IPv6. */
  get isIcmp(): boolean {
    return this.protocol === (this.isIpv6 ? protocol.ICMPV6 : protocol.ICMP);
  }

  get isFragment(): boolean {
    return this.fragment !== 0;
  }

  /** Carries no upper-layer header. */
  get isLaterFragment(): boolean {
    return this.fragment > 1;
  }

  get totalLength(): number {
    return this.end - this.ip;
  }

  /** Octets of the upper layer that are there. */
  get upperLength(): number {
    return this.end - this.upper;
  }

  /** May a router fragment it? IPv6 leaves that to the sender. */
  get mayBeFragmented(): boolean {
    return !this.isIpv6 && !ipv4.isDontFragment(this.frame, this.ip);
  }

  /** From or to an address that means nothing on other links. */
  get isLinkLocal(): boolean {
    const { frame, ip, src, dst } = this;
    return this.isIpv6
      ? ipv6.isLinkLocal(frame, src) || ipv6.isLinkLocal(frame, dst)
      : ipv4.isLinkLocal(ipv4.src(frame, ip)) || ipv4.isLinkLocal(ipv4.dst(frame, ip));
  }

  /** Takes one from the hop limit in the frame, which must not be 0. */
  decrementHopLimit(): void {
    if (this.isIpv6) ipv6.decrementHopLimit(this.frame, this.ip);
    else ipv4.decrementTtl(this.frame, this.ip);
  }

  /** The packet is so many octets long from now on. */
  setTotalLength(totalLength: number): void {
    if (this.isIpv6) ipv6.setTotalLength(this.frame, this.ip, totalLength);
    else ipv4.setTotalLength(this.frame, this.ip, totalLength);
    this.end = this.ip + totalLength;
  }

  /** The sum that an upper layer of `length` octets puts before its own. */
  pseudoHeaderSum(length: number): number {
    return this.isIpv6
      ? ipv6.pseudoHeaderSum(this.frame, this.ip, length, this.protocol)
      : ipv4.pseudoHeaderSum(this.frame, this.ip, length, this.protocol);
  }
}
