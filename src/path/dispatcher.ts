/**
 * The walk of a frame: one frame in, one verdict out.
 *
 *     receive ── ours? ──┬── ARP ── answer for our addresses, hand replies up
 *                        └── IPv4 ── valid? from a possible source?
 *                              ├── to a cluster address ── dispatch ── to the client's backend
 *                              ├── to our own address ──── deliver ─── echo reply, unreachable, reset
 *                              └── to anywhere else ────── network unreachable
 *
 * A frame is a place: `length` octets from `at` on in the slab, borrowed until `receive` returns. What is sent is the same
 * place, rewritten. Nothing here allocates, throws, waits or logs.
 */

import * as arp from "../wire/arp.ts";
import * as ethernet from "../wire/ethernet.ts";
import * as icmp from "../wire/icmpv4.ts";
import * as ipv4 from "../wire/ipv4.ts";
import { ABSENT, AddressTable } from "../table/address_table.ts";
import { NO_BACKEND } from "../table/bucket_map.ts";
import type { ForwardingTable } from "../table/forwarding_table.ts";
import * as hash from "../table/hash.ts";
import { clientOf } from "./client.ts";
import type { Plan } from "./plan.ts";
import { Responder } from "./responder.ts";
import * as verdict from "./verdict.ts";

/** In the table of our addresses: the dispatcher's own. A cluster's addresses have the cluster's index. */
const SELF = 0x7fffffff;

export class Dispatcher {
  /** After a verdict that sends or hands up: the frame's octets. */
  length = 0;
  /** After DISPATCHED and PENDING: the backend's neighbor slot. */
  slot = NO_BACKEND;

  readonly #frame: DataView;
  readonly #macHigh: number;
  readonly #macLow: number;
  readonly #locals: AddressTable;
  readonly #responder: Responder;
  // By cluster: its seed, where its buckets start among all, and the shift that scales a hash to a bucket.
  readonly #seeds: Int32Array;
  readonly #firsts: Int32Array;
  readonly #shifts: Int32Array;
  #table: ForwardingTable;

  /** `slab` holds every frame that `receive` will be given. */
  constructor(plan: Plan, slab: Uint8Array<ArrayBuffer>, table: ForwardingTable) {
    this.#frame = new DataView(slab.buffer, slab.byteOffset, slab.byteLength);
    this.#macHigh = plan.mac.high;
    this.#macLow = plan.mac.low;
    this.#locals = new AddressTable([
      ...plan.addresses.map(({ address }) => [address, SELF] as const),
      ...plan.clusters.flatMap((cluster, index) =>
        cluster.addresses.map((address) => [address, index] as const)
      ),
    ]);
    this.#responder = new Responder(plan, slab);
    this.#seeds = Int32Array.from(plan.clusters, (cluster) => cluster.seed);
    this.#shifts = Int32Array.from(plan.clusters, (cluster) => 32 - Math.log2(cluster.buckets));
    let first = 0;
    this.#firsts = Int32Array.from(plan.clusters, (cluster) => (first += cluster.buckets) - cluster.buckets);
    this.#table = table;
  }

  /** From the next frame on, forward by this table. */
  use(table: ForwardingTable): void {
    this.#table = table;
  }

  /** What becomes of the frame. `nowMs`: int32, any clock that never goes back, for rate limits only. */
  receive(at: number, length: number, nowMs: number): number {
    this.length = length;
    const frame = this.#frame;
    if (length < ethernet.HEADER) return verdict.DROP_RUNT;
    const high = ethernet.dstHigh(frame, at);
    const low = ethernet.dstLow(frame, at);
    const unicast = high === this.#macHigh && low === this.#macLow;
    if (!unicast && !ethernet.isBroadcast(high, low)) return verdict.DROP_NOT_OURS;
    const from = ethernet.srcHigh(frame, at);
    if (ethernet.isGroup(from) || (from === this.#macHigh && ethernet.srcLow(frame, at) === this.#macLow)) {
      return verdict.DROP_SOURCE_MAC;
    }
    const payload = at + ethernet.HEADER;
    switch (ethernet.type(frame, at)) {
      case ethernet.TYPE_IPV4:
        // RFC 1812 section 5.3.4: what came to all MACs is not forwarded; nor is it answered.
        if (!ipv4.isValid(frame, payload, length - ethernet.HEADER)) return verdict.DROP_MALFORMED;
        return unicast ? this.#receiveIpv4(at, payload, nowMs) : verdict.DROP_GROUP;
      case ethernet.TYPE_ARP:
        return this.#receiveArp(at, payload, length - ethernet.HEADER, unicast);
      case ethernet.TYPE_VLAN:
      case ethernet.TYPE_QINQ:
        return verdict.DROP_VLAN;
      default:
        return verdict.DROP_ETHERTYPE;
    }
  }

  #receiveIpv4(at: number, ip: number, nowMs: number): number {
    const frame = this.#frame;
    const src = ipv4.src(frame, ip);
    if (ipv4.isMartianSource(src)) return verdict.DROP_MARTIAN;
    const source = this.#locals.lookup(src);
    if (source !== ABSENT) return source === SELF ? verdict.DROP_FROM_SELF : verdict.DROP_FROM_CLUSTER;
    const dst = ipv4.dst(frame, ip);
    const local = this.#locals.lookup(dst);
    if (local === SELF) return this.#deliver(at, ip, nowMs);
    if (local !== ABSENT) return this.#dispatch(local, at, ip, nowMs);
    if (ipv4.isGroup(dst)) return verdict.DROP_GROUP;
    return this.#error(
      verdict.NET_UNREACHABLE,
      icmp.DESTINATION_UNREACHABLE,
      icmp.NET_UNREACHABLE,
      at,
      nowMs,
    );
  }

  /** To the backend that owns the client's bucket. Nothing but TTL, header checksum and MACs is touched. */
  #dispatch(cluster: number, at: number, ip: number, nowMs: number): number {
    const frame = this.#frame;
    if (ipv4.ttl(frame, ip) <= 1) {
      return this.#error(verdict.TIME_EXCEEDED, icmp.TIME_EXCEEDED, icmp.IN_TRANSIT, at, nowMs);
    }
    const h = hash.ofIpv4(clientOf(frame, ip), this.#seeds[cluster]!);
    const slot = this.#table.owner(this.#firsts[cluster]! + (h >>> this.#shifts[cluster]!));
    if (slot === NO_BACKEND) {
      return this.#error(
        verdict.HOST_UNREACHABLE,
        icmp.DESTINATION_UNREACHABLE,
        icmp.HOST_UNREACHABLE,
        at,
        nowMs,
      );
    }
    const high = this.#table.macHigh(slot);
    const low = this.#table.macLow(slot);
    const resolved = this.#table.isResolved(slot);
    if (resolved && ethernet.srcHigh(frame, at) === high && ethernet.srcLow(frame, at) === low) {
      return verdict.DROP_LOOP;
    }
    ipv4.decrementTtl(frame, ip);
    ethernet.setDst(frame, at, high, low);
    ethernet.setSrc(frame, at, this.#macHigh, this.#macLow);
    this.slot = slot;
    return resolved ? verdict.DISPATCHED : verdict.PENDING;
  }

  /** To the dispatcher itself. It is a router and no host: it answers echo and turns the rest away. */
  #deliver(at: number, ip: number, nowMs: number): number {
    const frame = this.#frame;
    if (ipv4.isFragment(frame, ip)) return verdict.DROP_SELF;
    switch (ipv4.protocol(frame, ip)) {
      case ipv4.PROTOCOL_ICMP:
        return this.#answered(this.#responder.echo(at, this.#table), verdict.ANSWERED_ECHO);
      case ipv4.PROTOCOL_TCP:
        if (!this.#responder.mayAnswer(nowMs)) return verdict.DROP_RATE_LIMIT;
        return this.#answered(this.#responder.reset(at, this.#table), verdict.RESET);
      case ipv4.PROTOCOL_UDP:
        return this.#error(
          verdict.PORT_UNREACHABLE,
          icmp.DESTINATION_UNREACHABLE,
          icmp.PORT_UNREACHABLE,
          at,
          nowMs,
        );
      default:
        return verdict.DROP_SELF;
    }
  }

  #receiveArp(at: number, packet: number, length: number, unicast: boolean): number {
    const frame = this.#frame;
    if (!arp.isValid(frame, packet, length)) return verdict.DROP_ARP_MALFORMED;
    if (ethernet.isGroup(arp.senderMacHigh(frame, packet))) return verdict.DROP_ARP_MALFORMED;
    if (this.#locals.lookup(arp.senderIp(frame, packet)) !== ABSENT) return verdict.DROP_ARP_CLAIM;
    const target = this.#locals.lookup(arp.targetIp(frame, packet));
    if (target === ABSENT) return verdict.DROP_ARP_OTHER;
    if (arp.operation(frame, packet) === arp.REQUEST) {
      this.length = this.#responder.arp(at);
      return verdict.ANSWERED_ARP;
    }
    // An answer to a question of ours comes to our MAC and our own address; anything else nobody asked for.
    const isAnswer = unicast && target === SELF && arp.operation(frame, packet) === arp.REPLY;
    return isAnswer ? verdict.HEARD_ARP : verdict.DROP_ARP_OTHER;
  }

  #error(asVerdict: number, type: number, code: number, at: number, nowMs: number): number {
    if (!this.#responder.isAnswerable(at)) return verdict.DROP_UNANSWERABLE;
    if (!this.#responder.mayAnswer(nowMs)) return verdict.DROP_RATE_LIMIT;
    return this.#answered(this.#responder.error(type, code, at, this.#table), asVerdict);
  }

  #answered(length: number, asVerdict: number): number {
    if (length === 0) return verdict.DROP_SELF;
    this.length = length;
    return asVerdict;
  }
}
