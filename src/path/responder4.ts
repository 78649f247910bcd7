/**
 * What the dispatcher says for itself in IPv4. Every answer overwrites the frame that it answers, in its slot, and goes to the
 * machine that brought it: no look-up, no buffer. Each function returns the length of the answer, or 0 for none.
 */

import { isIpv6, netmask, wordOf } from "../wire/address.ts";
import * as arp from "../wire/arp.ts";
import * as ethernet from "../wire/ethernet.ts";
import * as icmp from "../wire/icmpv4.ts";
import * as ipv4 from "../wire/ipv4.ts";
import * as tcp from "../wire/tcp.ts";
import { NO_BACKEND } from "../table/bucket_map.ts";
import type { Egress } from "./egress.ts";
import type { Offload } from "./offload.ts";
import type { Plan } from "./plan.ts";

/** The TTL of our own packets, RFC 1700's recommended default. */
const TTL = 64;

/** An ICMP error quotes as much as fits in 576 octets, RFC 1812 section 4.3.2.3. */
const LONGEST_ERROR = 576;
const ERROR_HEADERS = ipv4.HEADER + icmp.HEADER;

/** ICMP errors are sent with precedence "internetwork control", RFC 1812 section 4.3.2.5. */
const PRECEDENCE_INTERNETWORK_CONTROL = 0xc0;
const TOS_BITS = 0x1e;

const NO_GATEWAY = -1;

export class Responder4 {
  readonly #frame: DataView;
  readonly #bytes: Uint8Array;
  readonly #egress: Egress;
  readonly #offload: Offload;
  readonly #macHigh: number;
  readonly #macLow: number;
  /** The source of ICMP errors; 0 without an IPv4 address, and then there are none. */
  readonly #address: number;
  readonly #networks: Int32Array;
  readonly #netmasks: Int32Array;
  readonly #gateway: number;

  constructor(plan: Plan, slab: Uint8Array<ArrayBuffer>, egress: Egress, offload: Offload) {
    this.#bytes = slab;
    this.#frame = new DataView(slab.buffer, slab.byteOffset, slab.byteLength);
    this.#egress = egress;
    this.#offload = offload;
    this.#macHigh = plan.mac.high;
    this.#macLow = plan.mac.low;
    const own = plan.addresses.filter(({ address }) => !isIpv6(address));
    this.#address = own.length === 0 ? 0 : wordOf(own[0]!.address);
    this.#netmasks = Int32Array.from(own, ({ prefixLength }) => netmask(prefixLength));
    this.#networks = Int32Array.from(own, ({ address }, index) => wordOf(address) & this.#netmasks[index]!);
    this.#gateway = plan.gateway.ipv4 ?? NO_GATEWAY;
  }

  /** Makes a valid packet what it would be on the wire. */
  settle(at: number): void {
    const ip = at + ethernet.HEADER;
    this.#offload.settle(ip, ip + ipv4.headerLength(this.#frame, ip));
  }

  /** The reply to a valid who-has for one of our addresses, which is at our own MAC, or at that of the slot `group`. */
  arp(at: number, group: number): number {
    const frame = this.#frame;
    const packet = at + ethernet.HEADER;
    const askerHigh = arp.senderMacHigh(frame, packet);
    const askerLow = arp.senderMacLow(frame, packet);
    const askerIp = arp.senderIp(frame, packet);
    const ours = arp.targetIp(frame, packet);
    ethernet.setDst(frame, at, askerHigh, askerLow);
    ethernet.setSrc(frame, at, this.#macHigh, this.#macLow);
    const high = group === NO_BACKEND ? this.#macHigh : this.#egress.table.macHigh(group);
    const low = group === NO_BACKEND ? this.#macLow : this.#egress.table.macLow(group);
    arp.write(frame, packet, arp.REPLY, high, low, ours, askerHigh, askerLow, askerIp);
    return ethernet.HEADER + arp.LENGTH;
  }

  /** The echo reply to an unfragmented ICMP packet; 0 unless it is a right echo request. */
  echo(at: number): number {
    const frame = this.#frame;
    const ip = at + ethernet.HEADER;
    const header = ipv4.headerLength(frame, ip);
    const message = ip + header;
    const total = ipv4.totalLength(frame, ip);
    if (total - header < icmp.HEADER || icmp.type(frame, message) !== icmp.ECHO_REQUEST) return 0;
    if (!icmp.isChecksumRight(frame, message, total - header)) return 0;
    icmp.turnEcho(frame, message);
    ipv4.turnRound(frame, ip, TTL);
    this.#turnFrame(at);
    return ethernet.HEADER + total;
  }

  /** The reset to an unfragmented TCP segment; 0 when it is a reset itself, or none. */
  reset(at: number): number {
    const frame = this.#frame;
    const ip = at + ethernet.HEADER;
    const header = ipv4.headerLength(frame, ip);
    const length = ipv4.totalLength(frame, ip) - header;
    if (length < tcp.HEADER || (tcp.flags(frame, ip + header) & tcp.RST) !== 0) return 0;
    const pseudoSum = ipv4.pseudoHeaderSum(frame, ip, length, ipv4.PROTOCOL_TCP);
    if (!tcp.isChecksumRight(frame, ip + header, length, pseudoSum)) return 0;
    const src = ipv4.src(frame, ip);
    const dst = ipv4.dst(frame, ip);
    tcp.turnReset(frame, ip + header, length, ipv4.pseudoHeaderSum(frame, ip, tcp.HEADER, ipv4.PROTOCOL_TCP));
    this.#bytes.copyWithin(ip + ipv4.HEADER, ip + header, ip + header + tcp.HEADER);
    ipv4.write(frame, ip, 0, ipv4.HEADER + tcp.HEADER, TTL, ipv4.PROTOCOL_TCP, dst, src);
    this.#turnFrame(at);
    return ethernet.HEADER + ipv4.HEADER + tcp.HEADER;
  }

  /**
   * May an ICMP error be sent about this valid packet? RFC 1812 section 4.3.2.7: never about an ICMP error, nor about a
   * fragment other than the first. Broadcasts and sources that are no host have been dropped before.
   */
  isAnswerable(at: number): boolean {
    const frame = this.#frame;
    if (this.#address === 0) return false;
    const ip = at + ethernet.HEADER;
    if (ipv4.isLaterFragment(frame, ip)) return false;
    if (ipv4.protocol(frame, ip) !== ipv4.PROTOCOL_ICMP) return true;
    const header = ipv4.headerLength(frame, ip);
    return ipv4.totalLength(frame, ip) > header && !icmp.isError(icmp.type(frame, ip + header));
  }

  /**
   * An ICMP error about the packet:
   *
   *     | Ethernet | IPv4 header | ICMP header | the packet, its first 548 octets at most |
   */
  error(type: number, code: number, rest: number, at: number): number {
    const frame = this.#frame;
    const ip = at + ethernet.HEADER;
    const src = ipv4.src(frame, ip);
    const tos = (ipv4.tos(frame, ip) & TOS_BITS) | PRECEDENCE_INTERNETWORK_CONTROL;
    const total = Math.min(ERROR_HEADERS + ipv4.totalLength(frame, ip), LONGEST_ERROR);
    this.#bytes.copyWithin(ip + ERROR_HEADERS, ip, ip + total - ERROR_HEADERS);
    ipv4.write(frame, ip, tos, total, TTL, ipv4.PROTOCOL_ICMP, this.#address, src);
    icmp.write(frame, ip + ipv4.HEADER, type, code, rest, total - ipv4.HEADER);
    this.#turnFrame(at);
    return ethernet.HEADER + total;
  }

  /** Addresses the frame, whose IP destination is written, to the machine that brought it or to the gateway. */
  #turnFrame(at: number): void {
    const frame = this.#frame;
    const { table } = this.#egress;
    this.#egress.turn(at);
    if (this.#gateway === NO_GATEWAY || !table.isResolved(this.#gateway)) return;
    if (this.#isOnLink(ipv4.dst(frame, at + ethernet.HEADER))) return;
    ethernet.setDst(frame, at, table.macHigh(this.#gateway), table.macLow(this.#gateway));
  }

  #isOnLink(address: number): boolean {
    for (let index = 0; index < this.#networks.length; index++) {
      if ((address & this.#netmasks[index]!) === this.#networks[index]) return true;
    }
    return false;
  }
}
