/** The first steps of an IPv4 packet, up to where its addresses have been judged, and the whole walk of ARP. */

import { isIpv6, netmask, wordOf } from "../wire/address.ts";
import * as arp from "../wire/arp.ts";
import * as ethernet from "../wire/ethernet.ts";
import * as ipv4 from "../wire/ipv4.ts";
import * as protocol from "../wire/protocol.ts";
import { ABSENT, AddressTable } from "../table/address_table.ts";
import type { Answers } from "./answers.ts";
import { type Egress, OWN_MAC, SHARED_MAC } from "./egress.ts";
import { type IpPath, SELF, SHARED } from "./ip_path.ts";
import type { Packet } from "./packet.ts";
import type { Pair } from "./pair.ts";
import type { Plan } from "./plan.ts";
import type { Responder4 } from "./responder4.ts";
import * as verdict from "./verdict.ts";

/** What an address is, besides what ip_path.ts knows: all machines of one of our links. */
const BROADCAST = 0x7ffffffe;

export class Ipv4Path {
  readonly #path: IpPath;
  readonly #egress: Egress;
  readonly #answers: Answers;
  readonly #responder: Responder4;
  readonly #pair: Pair;
  readonly #locals: AddressTable;
  readonly #answersForClusters: boolean;

  constructor(
    plan: Plan,
    path: IpPath,
    egress: Egress,
    answers: Answers,
    responder: Responder4,
    pair: Pair,
  ) {
    this.#path = path;
    this.#egress = egress;
    this.#answers = answers;
    this.#responder = responder;
    this.#pair = pair;
    this.#locals = new AddressTable(localsOf4(plan));
    this.#answersForClusters = !plan.areClustersByRoute;
  }

  /** `room` octets from `ip` on are there. */
  receive(packet: Packet, ip: number, room: number): number {
    if (!packet.readIpv4(ip, room)) return verdict.DROP_MALFORMED;
    // RFC 1812 section 5.3.4: what came to all MACs is not forwarded; nor is it answered.
    if (!packet.isUnicast && packet.protocol !== protocol.VRRP) return verdict.DROP_GROUP;
    const { frame } = packet;
    const srcIp = ipv4.src(frame, ip);
    const dstIp = ipv4.dst(frame, ip);
    if (ipv4.isMartianSource(srcIp)) return verdict.DROP_MARTIAN;
    const src = this.#locals.lookup(srcIp);
    if (!packet.isUnicast) return src === SELF ? verdict.DROP_FROM_SELF : this.#pair.hear(packet);
    const dst = this.#locals.lookup(dstIp);
    if (src === BROADCAST) return verdict.DROP_MARTIAN;
    if (src !== ABSENT) return this.#path.receiveFromOurs(packet, src, dst);
    // No error is ever sent about a packet to a group, RFC 1812 section 4.3.2.7.
    if (dst === BROADCAST || ipv4.isGroup(dstIp)) return verdict.DROP_GROUP;
    if (ipv4.isMartianDestination(dstIp)) return verdict.DROP_MARTIAN;
    if (packet.upper > ip + ipv4.HEADER) {
      const found = ipv4.walkOptions(frame, ip);
      if (found === ipv4.SOURCE_ROUTED) return verdict.DROP_SOURCE_ROUTE;
      if (found !== ipv4.OPTIONS_FINE) {
        return this.#answers.error(packet, verdict.PARAMETER_PROBLEM, found << 24);
      }
    }
    if (dst === SELF) return this.#path.deliver(packet);
    if (dst === SHARED) {
      return this.#pair.isActive(false) ? this.#path.deliver(packet) : verdict.DROP_NOT_ACTIVE;
    }
    return dst === ABSENT ? this.#path.route(packet) : this.#path.dispatch(packet, dst);
  }

  /** `room` octets from `arpAt` on are there. */
  receiveArp(packet: Packet, arpAt: number, room: number): number {
    const { frame } = packet;
    if (!arp.isValid(frame, arpAt, room)) return verdict.DROP_ARP_MALFORMED;
    if (!ethernet.isMachine(arp.senderMacHigh(frame, arpAt), arp.senderMacLow(frame, arpAt))) {
      return verdict.DROP_ARP_MALFORMED;
    }
    const sender = this.#locals.lookup(arp.senderIp(frame, arpAt));
    if (sender !== ABSENT && sender !== BROADCAST) return verdict.HEARD_CLAIM;
    const target = this.#locals.lookup(arp.targetIp(frame, arpAt));
    if (target === ABSENT || target === BROADCAST) return verdict.DROP_ARP_OTHER;
    if (target !== SELF && target !== SHARED && !this.#answersForClusters) return verdict.DROP_ARP_OTHER;
    if (arp.operation(frame, arpAt) === arp.REQUEST) {
      if (target !== SELF && !this.#pair.isActive(false)) return verdict.DROP_NOT_ACTIVE;
      const place = target === SELF ? OWN_MAC : target === SHARED ? SHARED_MAC : this.#egress.placeOf(target);
      return this.#answers.answered(packet, this.#responder.arp(packet, arpAt, place), verdict.ANSWERED_ARP);
    }
    // An answer to a question of ours comes to our MAC and our own address; anything else nobody asked for.
    const isAnswer = packet.isUnicast && target === SELF && arp.operation(frame, arpAt) === arp.REPLY;
    return isAnswer ? verdict.HEARD_NEIGHBOR : verdict.DROP_ARP_OTHER;
  }
}

/** What each IPv4 address is that is not any other. */
export function localsOf4(plan: Plan): [address: number, value: number][] {
  const own = plan.addresses.filter(({ address }) => !isIpv6(address));
  const locals = new Map<number, number>();
  // A link of /31 or /32 has no broadcast address, RFC 3021.
  for (const { address, prefixLength } of own.filter(({ prefixLength }) => prefixLength < 31)) {
    locals.set(wordOf(address) | ~netmask(prefixLength), BROADCAST);
  }
  for (const { address } of own) locals.set(wordOf(address), SELF);
  for (const address of plan.vrrp?.addresses ?? []) if (!isIpv6(address)) locals.set(wordOf(address), SHARED);
  for (const [index, { addresses }] of plan.clusters.entries()) {
    for (const address of addresses.filter((address) => !isIpv6(address))) locals.set(wordOf(address), index);
  }
  return [...locals];
}
