/** The walk of an IPv4 packet, and of ARP. */

import { isIpv6, netmask, wordOf } from "../wire/address.ts";
import * as arp from "../wire/arp.ts";
import * as ethernet from "../wire/ethernet.ts";
import * as icmp from "../wire/icmpv4.ts";
import * as ipv4 from "../wire/ipv4.ts";
import * as tcp from "../wire/tcp.ts";
import * as transport from "../wire/transport.ts";
import { ABSENT, AddressTable } from "../table/address_table.ts";
import { NO_BACKEND } from "../table/bucket_map.ts";
import { NO_ROUTE, RouteTable } from "../table/route_table.ts";
import { Answers } from "./answers.ts";
import { clientOf } from "./client.ts";
import { CLOSED_DROP, type Clusters, OPEN } from "./clusters.ts";
import type { Egress } from "./egress.ts";
import type { Limits } from "./limits.ts";
import type { Offload } from "./offload.ts";
import type { Plan } from "./plan.ts";
import { Responder4 } from "./responder4.ts";
import * as verdict from "./verdict.ts";

// What an address of ours is. A cluster's addresses have the cluster's index.
const SELF = 0x7fffffff;
/** All machines of one of our links. */
const BROADCAST = 0x7ffffffe;

export class Ipv4Path {
  readonly #frame: DataView;
  readonly #egress: Egress;
  readonly #offload: Offload;
  readonly #clusters: Clusters;
  readonly #answers: Answers;
  readonly #locals: AddressTable;
  readonly #routes: RouteTable;
  readonly #responder: Responder4;

  constructor(
    plan: Plan,
    slab: Uint8Array<ArrayBuffer>,
    egress: Egress,
    offload: Offload,
    clusters: Clusters,
    limits: Limits,
  ) {
    this.#frame = new DataView(slab.buffer, slab.byteOffset, slab.byteLength);
    this.#egress = egress;
    this.#offload = offload;
    this.#clusters = clusters;
    this.#locals = new AddressTable(localsOf(plan));
    this.#routes = new RouteTable(plan.routes);
    this.#responder = new Responder4(plan, slab, egress, offload);
    this.#answers = new Answers(this.#responder, limits, egress);
  }

  /** `room` octets from `ip` on are there. `isUnicast`: the frame came to our MAC alone. */
  receive(at: number, ip: number, room: number, isUnicast: boolean): number {
    const frame = this.#frame;
    if (!ipv4.isValid(frame, ip, room)) return verdict.DROP_MALFORMED;
    // RFC 1812 section 5.3.4: what came to all MACs is not forwarded; nor is it answered.
    if (!isUnicast) return verdict.DROP_GROUP;
    const src = ipv4.src(frame, ip);
    if (ipv4.isMartianSource(src)) return verdict.DROP_MARTIAN;
    switch (this.#locals.lookup(src)) {
      case ABSENT:
        break;
      case SELF:
        return verdict.DROP_FROM_SELF;
      case BROADCAST:
        return verdict.DROP_MARTIAN;
      default:
        return this.#locals.lookup(ipv4.dst(frame, ip)) === SELF
          ? this.#answers.heard(verdict.DROP_FROM_CLUSTER)
          : verdict.DROP_FROM_CLUSTER;
    }
    if (ipv4.headerLength(frame, ip) > ipv4.HEADER) {
      const found = ipv4.walkOptions(frame, ip);
      if (found === ipv4.SOURCE_ROUTED) return verdict.DROP_SOURCE_ROUTE;
      if (found !== ipv4.OPTIONS_FINE) {
        return this.#answers.error(
          verdict.PARAMETER_PROBLEM,
          icmp.PARAMETER_PROBLEM,
          0,
          found << 24,
          at,
        );
      }
    }
    const dst = ipv4.dst(frame, ip);
    const local = this.#locals.lookup(dst);
    if (local === SELF) return this.#deliver(at, ip);
    if (local === BROADCAST || ipv4.isGroup(dst)) return verdict.DROP_GROUP;
    if (ipv4.isMartianDestination(dst)) return verdict.DROP_MARTIAN;
    return local === ABSENT ? this.#route(dst, at, ip) : this.#dispatch(local, at, ip);
  }

  receiveArp(at: number, packet: number, room: number, isUnicast: boolean): number {
    const frame = this.#frame;
    if (!arp.isValid(frame, packet, room)) return verdict.DROP_ARP_MALFORMED;
    if (ethernet.isGroup(arp.senderMacHigh(frame, packet))) return verdict.DROP_ARP_MALFORMED;
    const sender = this.#locals.lookup(arp.senderIp(frame, packet));
    if (sender !== ABSENT && sender !== BROADCAST) return verdict.HEARD_CLAIM;
    const target = this.#locals.lookup(arp.targetIp(frame, packet));
    if (target === ABSENT || target === BROADCAST) return verdict.DROP_ARP_OTHER;
    if (arp.operation(frame, packet) === arp.REQUEST) {
      const group = target === SELF ? NO_BACKEND : this.#clusters.group(this.#egress.table, target);
      this.#egress.length = this.#responder.arp(at, group);
      return verdict.ANSWERED_ARP;
    }
    // An answer to a question of ours comes to our MAC and our own address; anything else nobody asked for.
    const isAnswer = isUnicast && target === SELF && arp.operation(frame, packet) === arp.REPLY;
    return isAnswer ? verdict.HEARD_NEIGHBOR : verdict.DROP_ARP_OTHER;
  }

  /** To the backend that owns the client's bucket. Nothing but TTL, header checksum and MACs is touched. */
  #dispatch(cluster: number, at: number, ip: number): number {
    const frame = this.#frame;
    if (ipv4.ttl(frame, ip) <= 1) return this.#timeExceeded(at);
    if (this.#clusters.hasPorts(cluster)) {
      const closed = this.#closed(cluster, at, ip);
      if (closed !== verdict.DISPATCHED) return closed;
    }
    const slot = this.#clusters.owner(this.#egress.table, cluster, clientOf(frame, ip));
    if (slot === NO_BACKEND) {
      return this.#unreachable(verdict.HOST_UNREACHABLE, icmp.HOST_UNREACHABLE, at);
    }
    if (this.#egress.isFrom(slot, at)) return verdict.DROP_LOOP;
    return this.#forward(slot, at, ip, verdict.DISPATCHED);
  }

  /** DISPATCHED when the cluster's service ports let the packet pass, as ICMP and later fragments always do. */
  #closed(cluster: number, at: number, ip: number): number {
    const frame = this.#frame;
    const protocol = ipv4.protocol(frame, ip);
    if (protocol === ipv4.PROTOCOL_ICMP || ipv4.isLaterFragment(frame, ip)) return verdict.DISPATCHED;
    const header = ipv4.headerLength(frame, ip);
    const hasPorts = protocol === ipv4.PROTOCOL_TCP || protocol === ipv4.PROTOCOL_UDP;
    if (hasPorts && ipv4.totalLength(frame, ip) - header < transport.PORTS) return verdict.DROP_CLOSED;
    const state = hasPorts
      ? this.#clusters.state(cluster, protocol, transport.dstPort(frame, ip + header))
      : this.#clusters.closed(cluster);
    if (state === OPEN) return verdict.DISPATCHED;
    if (state === CLOSED_DROP) return verdict.DROP_CLOSED;
    if (protocol === ipv4.PROTOCOL_UDP) {
      return this.#unreachable(verdict.PORT_UNREACHABLE, icmp.PORT_UNREACHABLE, at);
    }
    if (protocol === ipv4.PROTOCOL_TCP) return this.#answers.reset(at);
    return this.#unreachable(verdict.PROHIBITED, icmp.ADMINISTRATIVELY_PROHIBITED, at);
  }

  /** To the next hop of the longest prefix. */
  #route(dst: number, at: number, ip: number): number {
    const slot = this.#routes.lookup(dst);
    if (slot === NO_ROUTE) return this.#unreachable(verdict.NET_UNREACHABLE, icmp.NET_UNREACHABLE, at);
    if (ipv4.ttl(this.#frame, ip) <= 1) return this.#timeExceeded(at);
    return this.#forward(slot, at, ip, verdict.FORWARDED);
  }

  #forward(slot: number, at: number, ip: number, asVerdict: number): number {
    const frame = this.#frame;
    const mtu = this.#egress.mtu(slot);
    const length = ipv4.totalLength(frame, ip);
    if (length > mtu && this.#offload.packetLength(ip, ip + ipv4.headerLength(frame, ip), length) > mtu) {
      if (!ipv4.isDontFragment(frame, ip)) return verdict.DROP_TOO_BIG;
      return this.#answers.error(
        verdict.TOO_BIG,
        icmp.DESTINATION_UNREACHABLE,
        icmp.FRAGMENTATION_NEEDED,
        mtu,
        at,
      );
    }
    ipv4.decrementTtl(frame, ip);
    return this.#egress.send(slot, at, asVerdict);
  }

  /** To the dispatcher itself. It is a router and no host: it answers echo and turns the rest away. */
  #deliver(at: number, ip: number): number {
    const frame = this.#frame;
    if (ipv4.isFragment(frame, ip)) return verdict.DROP_SELF;
    this.#responder.settle(at);
    switch (ipv4.protocol(frame, ip)) {
      case ipv4.PROTOCOL_ICMP:
        if (this.#isEchoReply(ip)) return this.#answers.heard(verdict.DROP_SELF);
        return this.#answers.sent(this.#responder.echo(at), verdict.ANSWERED_ECHO);
      case ipv4.PROTOCOL_TCP:
        return this.#isSynAck(ip) ? this.#answers.heardOrReset(at) : this.#answers.reset(at);
      case ipv4.PROTOCOL_UDP:
        if (!this.#isUdpRight(ip)) return verdict.DROP_SELF;
        return this.#unreachable(verdict.PORT_UNREACHABLE, icmp.PORT_UNREACHABLE, at);
      default:
        return this.#unreachable(verdict.PROTOCOL_UNREACHABLE, icmp.PROTOCOL_UNREACHABLE, at);
    }
  }

  #isEchoReply(ip: number): boolean {
    const header = ipv4.headerLength(this.#frame, ip);
    return ipv4.totalLength(this.#frame, ip) - header >= icmp.HEADER &&
      icmp.type(this.#frame, ip + header) === icmp.ECHO_REPLY;
  }

  #isSynAck(ip: number): boolean {
    const header = ipv4.headerLength(this.#frame, ip);
    return ipv4.totalLength(this.#frame, ip) - header >= tcp.HEADER && tcp.isSynAck(this.#frame, ip + header);
  }

  #isUdpRight(ip: number): boolean {
    const frame = this.#frame;
    const header = ipv4.headerLength(frame, ip);
    const length = ipv4.totalLength(frame, ip) - header;
    const pseudoSum = ipv4.pseudoHeaderSum(frame, ip, length, ipv4.PROTOCOL_UDP);
    return transport.isUdpRight(frame, ip + header, length, pseudoSum, true);
  }

  #timeExceeded(at: number): number {
    return this.#answers.error(verdict.TIME_EXCEEDED, icmp.TIME_EXCEEDED, icmp.IN_TRANSIT, 0, at);
  }

  #unreachable(asVerdict: number, code: number, at: number): number {
    return this.#answers.error(asVerdict, icmp.DESTINATION_UNREACHABLE, code, 0, at);
  }
}

function localsOf(plan: Plan): [address: number, value: number][] {
  const own = plan.addresses.filter(({ address }) => !isIpv6(address));
  const locals = new Map<number, number>();
  // A link of /31 or /32 has no broadcast address, RFC 3021.
  for (const { address, prefixLength } of own.filter(({ prefixLength }) => prefixLength < 31)) {
    locals.set(wordOf(address) | ~netmask(prefixLength), BROADCAST);
  }
  for (const { address } of own) locals.set(wordOf(address), SELF);
  for (const [index, { addresses }] of plan.clusters.entries()) {
    for (const address of addresses.filter((address) => !isIpv6(address))) locals.set(wordOf(address), index);
  }
  return [...locals];
}
