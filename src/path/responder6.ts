/**
 * What the dispatcher says for itself in IPv6. Every answer overwrites the frame that it answers, in its slot, and goes to the
 * machine that brought it: no look-up, no buffer. Each function returns the length of the answer, or 0 for none.
 */

import { isIpv6, linkLocalOf, netmask6, octetsOf, wordsOf } from "../wire/address.ts";
import * as ethernet from "../wire/ethernet.ts";
import * as icmpv6 from "../wire/icmpv6.ts";
import * as ipv6 from "../wire/ipv6.ts";
import * as nd from "../wire/nd.ts";
import * as tcp from "../wire/tcp.ts";
import { NO_BACKEND } from "../table/bucket_map.ts";
import type { Egress } from "./egress.ts";
import type { Offload } from "./offload.ts";
import type { Plan } from "./plan.ts";

const HOP_LIMIT = 64;
/** Of neighbor discovery, which must not have crossed a router. */
const HOP_LIMIT_ND = 255;

/** An ICMPv6 error quotes as much as fits in the least MTU, RFC 4443 section 2.4 (c). */
const LONGEST_ERROR = 1280;
const ERROR_HEADERS = ipv6.HEADER + icmpv6.HEADER;

/** The room that a slot must have, so that every answer of either family fits. */
export const LONGEST_ANSWER = ethernet.TAGGED_HEADER + LONGEST_ERROR;

const NO_GATEWAY = -1;

/** ff02::1, all nodes. */
const ALL_NODES = octetsOf("ff02::1");

export class Responder6 {
  readonly #frame: DataView;
  readonly #bytes: Uint8Array;
  readonly #egress: Egress;
  readonly #offload: Offload;
  /** The chain of the packet in hand, walked before anything here is asked. */
  readonly #extensions: ipv6.Extensions;
  readonly #macHigh: number;
  readonly #macLow: number;
  /** The source of ICMPv6 errors: the first of the dispatcher's own, or its link-local one. */
  readonly #address: Uint8Array;
  // Prefixes of our links, four words each.
  readonly #networks: Int32Array;
  readonly #netmasks: Int32Array;
  readonly #gateway: number;

  constructor(
    plan: Plan,
    slab: Uint8Array<ArrayBuffer>,
    egress: Egress,
    offload: Offload,
    extensions: ipv6.Extensions,
  ) {
    this.#bytes = slab;
    this.#frame = new DataView(slab.buffer, slab.byteOffset, slab.byteLength);
    this.#egress = egress;
    this.#offload = offload;
    this.#extensions = extensions;
    this.#macHigh = plan.mac.high;
    this.#macLow = plan.mac.low;
    const own = plan.addresses.filter(({ address }) => isIpv6(address));
    this.#address = octetsOf(own[0]?.address ?? linkLocalOf(plan.mac));
    const links = [...own, { address: "fe80::", prefixLength: 10 }];
    this.#netmasks = Int32Array.from(links.flatMap(({ prefixLength }) => [...netmask6(prefixLength)]));
    const words = links.flatMap(({ address }) => [...wordsOf(address)]);
    this.#networks = Int32Array.from(words, (word, index) => word & this.#netmasks[index]!);
    this.#gateway = plan.gateway.ipv6 ?? NO_GATEWAY;
  }

  /** Makes a packet, its chain walked, what it would be on the wire. */
  settle(at: number): void {
    this.#offload.settle(at + ethernet.HEADER, this.#extensions.at);
  }

  /**
   * The advertisement that answers a valid solicitation for one of our addresses, RFC 4861 section 7.2.4: it is at our own MAC,
   * or at that of the slot `group`. One who probes if the address is free (`isProbe`) has none to be answered at: all nodes
   * hear it.
   */
  advertise(
    at: number,
    ip: number,
    message: number,
    length: number,
    isProbe: boolean,
    group: number,
  ): number {
    const frame = this.#frame;
    const option = isProbe ? 0 : nd.optionAt(frame, message, length, nd.SOURCE_LINK_LAYER);
    const askerHigh = option === 0 ? ethernet.srcHigh(frame, at) : frame.getUint16(option);
    const askerLow = option === 0 ? ethernet.srcLow(frame, at) : frame.getInt32(option + 2);
    if (ethernet.isGroup(askerHigh)) return 0;
    const answer = ip + ipv6.HEADER;
    if (message !== answer) this.#bytes.copyWithin(answer, message, message + nd.HEADER);
    if (isProbe) this.#bytes.set(ALL_NODES, ip + ipv6.DST);
    else ipv6.copyAddress(frame, ip + ipv6.SRC, ip + ipv6.DST);
    ipv6.copyAddress(frame, answer + nd.TARGET, ip + ipv6.SRC);
    ipv6.write(frame, ip, nd.LENGTH, ipv6.ICMPV6, HOP_LIMIT_ND);
    const high = group === NO_BACKEND ? this.#macHigh : this.#egress.table.macHigh(group);
    const low = group === NO_BACKEND ? this.#macLow : this.#egress.table.macLow(group);
    nd.writeOption(frame, answer, nd.TARGET_LINK_LAYER, high, low);
    const flags = nd.ROUTER | nd.OVERRIDE | (isProbe ? 0 : nd.SOLICITED);
    icmpv6.write(frame, ip, answer, icmpv6.NEIGHBOR_ADVERTISEMENT, 0, flags, nd.LENGTH);
    ethernet.setDst(
      frame,
      at,
      isProbe ? nd.GROUP_MAC_HIGH : askerHigh,
      isProbe ? nd.ALL_NODES_MAC_LOW : askerLow,
    );
    ethernet.setSrc(frame, at, this.#macHigh, this.#macLow);
    return ethernet.HEADER + ipv6.HEADER + nd.LENGTH;
  }

  /** The echo reply, without the request's extension headers; 0 unless it is a right echo request. */
  echo(at: number, ip: number): number {
    const frame = this.#frame;
    const { at: message } = this.#extensions;
    const length = ip + ipv6.totalLength(frame, ip) - message;
    if (length < icmpv6.HEADER || icmpv6.type(frame, message) !== icmpv6.ECHO_REQUEST) return 0;
    if (!icmpv6.isChecksumRight(frame, ip, message, length)) return 0;
    icmpv6.turnEcho(frame, message);
    const answer = ip + ipv6.HEADER;
    if (message !== answer) this.#bytes.copyWithin(answer, message, message + length);
    ipv6.turnRound(frame, ip, HOP_LIMIT);
    ipv6.write(frame, ip, length, ipv6.ICMPV6, HOP_LIMIT);
    this.#turnFrame(at);
    return ethernet.HEADER + ipv6.HEADER + length;
  }

  /** The reset to a TCP segment; 0 when it is a reset itself, or none. */
  reset(at: number): number {
    const frame = this.#frame;
    const ip = at + ethernet.HEADER;
    const { at: segment } = this.#extensions;
    const length = ip + ipv6.totalLength(frame, ip) - segment;
    if (length < tcp.HEADER || (tcp.flags(frame, segment) & tcp.RST) !== 0) return 0;
    const pseudoSum = ipv6.pseudoHeaderSum(frame, ip, length, ipv6.TCP);
    if (!tcp.isChecksumRight(frame, segment, length, pseudoSum)) return 0;
    tcp.turnReset(frame, segment, length, ipv6.pseudoHeaderSum(frame, ip, tcp.HEADER, ipv6.TCP));
    const answer = ip + ipv6.HEADER;
    if (segment !== answer) this.#bytes.copyWithin(answer, segment, segment + tcp.HEADER);
    ipv6.turnRound(frame, ip, HOP_LIMIT);
    ipv6.write(frame, ip, tcp.HEADER, ipv6.TCP, HOP_LIMIT);
    this.#turnFrame(at);
    return ethernet.HEADER + ipv6.HEADER + tcp.HEADER;
  }

  /**
   * May an ICMPv6 error be sent about this packet? RFC 4443 section 2.4 (e): never about an error or a redirect; and as in
   * IPv4, not about a later fragment. Groups and sources that are no host have been dropped before.
   */
  isAnswerable(at: number): boolean {
    const { protocol, at: message, isLaterFragment } = this.#extensions;
    if (isLaterFragment) return false;
    if (protocol !== ipv6.ICMPV6) return true;
    const ip = at + ethernet.HEADER;
    if (message >= ip + ipv6.totalLength(this.#frame, ip)) return false;
    const type = icmpv6.type(this.#frame, message);
    return !icmpv6.isError(type) && type !== icmpv6.REDIRECT;
  }

  /**
   * An ICMPv6 error about the packet. `rest` is the second word: the MTU, or the pointer, or 0.
   *
   *     | Ethernet | IPv6 header | ICMPv6 header | the packet, its first 1232 octets at most |
   */
  error(type: number, code: number, rest: number, at: number): number {
    const frame = this.#frame;
    const ip = at + ethernet.HEADER;
    const total = Math.min(ERROR_HEADERS + ipv6.totalLength(frame, ip), LONGEST_ERROR);
    const quoted = ip + ERROR_HEADERS;
    this.#bytes.copyWithin(quoted, ip, ip + total - ERROR_HEADERS);
    ipv6.write(frame, ip, total - ipv6.HEADER, ipv6.ICMPV6, HOP_LIMIT);
    ipv6.copyAddress(frame, quoted + ipv6.SRC, ip + ipv6.DST);
    this.#bytes.set(this.#address, ip + ipv6.SRC);
    icmpv6.write(frame, ip, ip + ipv6.HEADER, type, code, rest, total - ipv6.HEADER);
    this.#turnFrame(at);
    return ethernet.HEADER + total;
  }

  /** Addresses the frame, whose IP destination is written, to the machine that brought it or to the gateway. */
  #turnFrame(at: number): void {
    const { table } = this.#egress;
    this.#egress.turn(at);
    if (this.#gateway === NO_GATEWAY || !table.isResolved(this.#gateway)) return;
    if (this.#isOnLink(at + ethernet.HEADER + ipv6.DST)) return;
    ethernet.setDst(this.#frame, at, table.macHigh(this.#gateway), table.macLow(this.#gateway));
  }

  #isOnLink(address: number): boolean {
    const frame = this.#frame;
    for (let link = 0; link < this.#networks.length; link += 4) {
      let word = 0;
      while (
        word < 4 &&
        (frame.getInt32(address + word * 4) & this.#netmasks[link + word]!) === this.#networks[link + word]
      ) word++;
      if (word === 4) return true;
    }
    return false;
  }
}
