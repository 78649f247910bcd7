/** The walk of an IPv6 packet, and of neighbor discovery. */

import { isIpv6, linkLocalOf, wordsOf } from "../wire/address.ts";
import * as icmpv6 from "../wire/icmpv6.ts";
import * as ipv6 from "../wire/ipv6.ts";
import * as nd from "../wire/nd.ts";
import * as tcp from "../wire/tcp.ts";
import * as transport from "../wire/transport.ts";
import { ABSENT, AddressTable6 } from "../table/address_table.ts";
import { NO_BACKEND } from "../table/bucket_map.ts";
import { NO_ROUTE, RouteTable } from "../table/route_table.ts";
import { Answers } from "./answers.ts";
import { clientOf6 } from "./client.ts";
import { CLOSED_DROP, type Clusters, OPEN } from "./clusters.ts";
import type { Egress } from "./egress.ts";
import type { Limits } from "./limits.ts";
import type { Offload } from "./offload.ts";
import type { Plan } from "./plan.ts";
import { Responder6 } from "./responder6.ts";
import * as verdict from "./verdict.ts";

/** What an address of ours is. A cluster's addresses have the cluster's index. */
const SELF = 0x7fffffff;

/** The IPv6 addresses that are ours to answer for: the dispatcher's, its link-local one among them, and the clusters'. */
export function ownIpv6(plan: Plan): string[] {
  return localsOf(plan).map(([address]) => address);
}

export class Ipv6Path {
  readonly #frame: DataView;
  readonly #egress: Egress;
  readonly #offload: Offload;
  readonly #clusters: Clusters;
  readonly #answers: Answers;
  readonly #locals: AddressTable6;
  readonly #routes: RouteTable;
  readonly #responder: Responder6;
  readonly #extensions = new ipv6.Extensions();

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
    this.#locals = new AddressTable6(localsOf(plan).map(([address, value]) => [wordsOf(address), value]));
    this.#routes = new RouteTable(plan.routes);
    this.#responder = new Responder6(plan, slab, egress, offload, this.#extensions);
    this.#answers = new Answers(this.#responder, limits, egress);
  }

  /** `room` octets from `ip` on are there. `isUnicast`: the frame came to our MAC alone, not to a group of ours. */
  receive(at: number, ip: number, room: number, isUnicast: boolean): number {
    const frame = this.#frame;
    if (!ipv6.isValid(frame, ip, room)) return verdict.DROP_MALFORMED;
    if (ipv6.isMartianSource(frame, ip + ipv6.SRC)) return verdict.DROP_MARTIAN;
    const extensions = this.#extensions;
    extensions.walk(frame, ip, ipv6.totalLength(frame, ip));
    if (extensions.protocol < 0) return verdict.DROP_MALFORMED;
    const local = this.#locals.lookup(frame, ip + ipv6.DST);
    if (this.#isDiscovery(ip) && (local !== ABSENT || !isUnicast)) return this.#discover(at, ip, isUnicast);
    if (ipv6.isUnspecified(frame, ip + ipv6.SRC)) return verdict.DROP_MARTIAN;
    const source = this.#locals.lookup(frame, ip + ipv6.SRC);
    if (source === SELF) return verdict.DROP_FROM_SELF;
    if (source !== ABSENT) {
      return local === SELF ? this.#answers.heard(verdict.DROP_FROM_CLUSTER) : verdict.DROP_FROM_CLUSTER;
    }
    if (!isUnicast || ipv6.isMulticast(frame, ip + ipv6.DST)) return verdict.DROP_GROUP;
    if (ipv6.isMartianDestination(frame, ip + ipv6.DST)) return verdict.DROP_MARTIAN;
    if (local === SELF) return this.#deliver(at, ip);
    return local === ABSENT ? this.#route(at, ip) : this.#dispatch(local, at, ip);
  }

  /** To the backend that owns the client's bucket. Nothing but hop limit and MACs is touched. */
  #dispatch(cluster: number, at: number, ip: number): number {
    const frame = this.#frame;
    if (ipv6.hopLimit(frame, ip) <= 1) return this.#timeExceeded(at);
    if (this.#clusters.hasPorts(cluster)) {
      const closed = this.#closed(cluster, at, ip);
      if (closed !== verdict.DISPATCHED) return closed;
    }
    const client = clientOf6(frame, ip, this.#extensions);
    const slot = this.#clusters.owner6(this.#egress.table, cluster, frame, client);
    if (slot === NO_BACKEND) {
      return this.#unreachable(verdict.HOST_UNREACHABLE, icmpv6.ADDRESS_UNREACHABLE, at);
    }
    if (this.#egress.isFrom(slot, at)) return verdict.DROP_LOOP;
    return this.#forward(slot, at, ip, verdict.DISPATCHED);
  }

  /** DISPATCHED when the cluster's service ports let the packet pass, as ICMPv6 and later fragments always do. */
  #closed(cluster: number, at: number, ip: number): number {
    const { protocol, at: upper, isLaterFragment } = this.#extensions;
    if (protocol === ipv6.ICMPV6 || isLaterFragment) return verdict.DISPATCHED;
    const hasPorts = protocol === ipv6.TCP || protocol === ipv6.UDP;
    if (hasPorts && ip + ipv6.totalLength(this.#frame, ip) - upper < transport.PORTS) {
      return verdict.DROP_CLOSED;
    }
    const state = hasPorts
      ? this.#clusters.state(cluster, protocol, transport.dstPort(this.#frame, upper))
      : this.#clusters.closed(cluster);
    if (state === OPEN) return verdict.DISPATCHED;
    if (state === CLOSED_DROP) return verdict.DROP_CLOSED;
    if (protocol === ipv6.UDP) {
      return this.#unreachable(verdict.PORT_UNREACHABLE, icmpv6.PORT_UNREACHABLE, at);
    }
    if (protocol === ipv6.TCP) return this.#answers.reset(at);
    return this.#unreachable(verdict.PROHIBITED, icmpv6.ADMINISTRATIVELY_PROHIBITED, at);
  }

  /** To the next hop of the longest prefix. */
  #route(at: number, ip: number): number {
    // fe80::/10 leads nowhere but to the link itself, and what is there is not ours to carry.
    const isLocal = ipv6.isLinkLocal(this.#frame, ip + ipv6.DST);
    const slot = isLocal ? NO_ROUTE : this.#routes.lookup6(this.#frame, ip + ipv6.DST);
    if (slot === NO_ROUTE) return this.#unreachable(verdict.NET_UNREACHABLE, icmpv6.NO_ROUTE, at);
    if (ipv6.hopLimit(this.#frame, ip) <= 1) return this.#timeExceeded(at);
    return this.#forward(slot, at, ip, verdict.FORWARDED);
  }

  #forward(slot: number, at: number, ip: number, asVerdict: number): number {
    const mtu = this.#egress.mtu(slot);
    const length = ipv6.totalLength(this.#frame, ip);
    if (length > mtu && this.#offload.packetLength(ip, this.#extensions.at, length) > mtu) {
      return this.#answers.error(verdict.TOO_BIG, icmpv6.PACKET_TOO_BIG, 0, mtu, at);
    }
    ipv6.decrementHopLimit(this.#frame, ip);
    return this.#egress.send(slot, at, asVerdict);
  }

  /** To the dispatcher itself. It is a router and no host: it answers echo and turns the rest away. */
  #deliver(at: number, ip: number): number {
    if (this.#extensions.isFragment || this.#extensions.isRouted) return verdict.DROP_SELF;
    this.#responder.settle(at);
    switch (this.#extensions.protocol) {
      case ipv6.ICMPV6:
        if (this.#isEchoReply(ip)) return this.#answers.heard(verdict.DROP_SELF);
        return this.#answers.sent(this.#responder.echo(at, ip), verdict.ANSWERED_ECHO);
      case ipv6.TCP:
        return this.#isSynAck(ip) ? this.#answers.heardOrReset(at) : this.#answers.reset(at);
      case ipv6.UDP:
        if (!this.#isUdpRight(ip)) return verdict.DROP_SELF;
        return this.#unreachable(verdict.PORT_UNREACHABLE, icmpv6.PORT_UNREACHABLE, at);
      case ipv6.NO_NEXT_HEADER:
        return verdict.DROP_SELF;
      default:
        return this.#answers.error(
          verdict.PROTOCOL_UNREACHABLE,
          icmpv6.PARAMETER_PROBLEM,
          icmpv6.UNRECOGNIZED_NEXT_HEADER,
          this.#extensions.pointer,
          at,
        );
    }
  }

  #isEchoReply(ip: number): boolean {
    return this.#isThere(ip, icmpv6.HEADER) &&
      icmpv6.type(this.#frame, this.#extensions.at) === icmpv6.ECHO_REPLY;
  }

  #isSynAck(ip: number): boolean {
    return this.#isThere(ip, tcp.HEADER) && tcp.isSynAck(this.#frame, this.#extensions.at);
  }

  /** Are so many octets of the upper layer in the packet? */
  #isThere(ip: number, octets: number): boolean {
    return ip + ipv6.totalLength(this.#frame, ip) - this.#extensions.at >= octets;
  }

  #isUdpRight(ip: number): boolean {
    const { at: datagram } = this.#extensions;
    const length = ip + ipv6.totalLength(this.#frame, ip) - datagram;
    const pseudoSum = ipv6.pseudoHeaderSum(this.#frame, ip, length, ipv6.UDP);
    return transport.isUdpRight(this.#frame, datagram, length, pseudoSum, false);
  }

  #isDiscovery(ip: number): boolean {
    const { protocol, at, isFragment } = this.#extensions;
    // RFC 6980: neighbor discovery is never fragmented.
    if (protocol !== ipv6.ICMPV6 || isFragment) return false;
    if (!this.#isThere(ip, icmpv6.HEADER)) return false;
    const type = icmpv6.type(this.#frame, at);
    return type === icmpv6.NEIGHBOR_SOLICITATION || type === icmpv6.NEIGHBOR_ADVERTISEMENT;
  }

  #discover(at: number, ip: number, isUnicast: boolean): number {
    const frame = this.#frame;
    const message = this.#extensions.at;
    this.#responder.settle(at);
    const length = ip + ipv6.totalLength(frame, ip) - message;
    if (!nd.isValid(frame, ip, message, length)) return verdict.DROP_ND_MALFORMED;
    const target = this.#locals.lookup(frame, message + nd.TARGET);
    const isProbe = ipv6.isUnspecified(frame, ip + ipv6.SRC);
    if (icmpv6.type(frame, message) === icmpv6.NEIGHBOR_SOLICITATION) {
      if (isProbe && nd.optionAt(frame, message, length, nd.SOURCE_LINK_LAYER) !== 0) {
        return verdict.DROP_ND_MALFORMED;
      }
      if (this.#locals.lookup(frame, ip + ipv6.SRC) !== ABSENT) return verdict.HEARD_CLAIM;
      if (target === ABSENT) return verdict.DROP_ND_OTHER;
      const group = target === SELF ? NO_BACKEND : this.#clusters.group(this.#egress.table, target);
      return this.#answers.sent(
        this.#responder.advertise(at, ip, message, length, isProbe, group),
        verdict.ANSWERED_ND,
      );
    }
    if (target !== ABSENT) return verdict.HEARD_CLAIM;
    if (!isUnicast || isProbe || !nd.isSolicited(frame, message)) return verdict.DROP_ND_OTHER;
    const option = nd.optionAt(frame, message, length, nd.TARGET_LINK_LAYER);
    return option === 0 ? verdict.DROP_ND_OTHER : verdict.HEARD_NEIGHBOR;
  }

  #timeExceeded(at: number): number {
    return this.#answers.error(verdict.TIME_EXCEEDED, icmpv6.TIME_EXCEEDED, icmpv6.HOP_LIMIT, 0, at);
  }

  #unreachable(asVerdict: number, code: number, at: number): number {
    return this.#answers.error(asVerdict, icmpv6.DESTINATION_UNREACHABLE, code, 0, at);
  }
}

function localsOf(plan: Plan): [address: string, value: number][] {
  const own = plan.addresses.map(({ address }) => address).filter(isIpv6);
  const clusters = plan.clusters.flatMap(({ addresses }, index) =>
    addresses.filter(isIpv6).map((address): [string, number] => [address, index])
  );
  const locals = new Map<string, number>(clusters);
  for (const address of own) locals.set(address, SELF);
  // Where there is IPv6 there is a link-local address, RFC 4291 section 2.1.
  if (locals.size > 0) locals.set(linkLocalOf(plan.mac), SELF);
  return [...locals];
}
