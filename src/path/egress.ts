/** Where a frame goes when it leaves: the MACs, by the forwarding table in use. */

import type { Mac } from "../wire/address.ts";
import * as ethernet from "../wire/ethernet.ts";
import * as vrrp from "../wire/vrrp.ts";
import { type ForwardingTable, NO_GROUP } from "../table/forwarding_table.ts";
import { NO_ROUTE, RouteTable } from "../table/route_table.ts";
import { nextHop } from "./next_hop.ts";
import type { Packet } from "./packet.ts";
import type { Plan } from "./plan.ts";
import * as verdict from "./verdict.ts";

const NO_GATEWAY = -1;

/** At which MAC an address of ours is, where it is not a group's: the dispatcher's own, or the one that a pair shares. */
export const OWN_MAC = NO_GROUP;
export const SHARED_MAC = -2;

/** Every host of a link has an address in it, RFC 4291 section 2.1. */
const LINK_LOCAL = { address: "fe80::", prefixLength: 10 };

export class Egress {
  /** Swapped whole between bursts. */
  table: ForwardingTable;
  /** After DISPATCHED, FORWARDED and PENDING: the next hop. */
  neighbor = 0;
  /** After DISPATCHED: the cluster that it was for. */
  cluster = 0;
  readonly #macHigh: number;
  readonly #macLow: number;
  /** Of what a pair shares, in each family; without a pair our own. */
  readonly #shared4: Mac;
  readonly #shared6: Mac;
  readonly #mtus: Int32Array;
  readonly #gateway4: number;
  readonly #gateway6: number;
  /** Leads to the links that the dispatcher is on, and nowhere else. */
  readonly #links: RouteTable;

  constructor(plan: Plan, table: ForwardingTable) {
    this.table = table;
    this.#macHigh = plan.mac.high;
    this.#macLow = plan.mac.low;
    this.#shared4 = plan.vrrp === undefined ? plan.mac : vrrp.macOf(plan.vrrp.id, false);
    this.#shared6 = plan.vrrp === undefined ? plan.mac : vrrp.macOf(plan.vrrp.id, true);
    this.#mtus = Int32Array.from(plan.mtus);
    this.#gateway4 = plan.gateway.ipv4 ?? NO_GATEWAY;
    this.#gateway6 = plan.gateway.ipv6 ?? NO_GATEWAY;
    this.#links = new RouteTable([...plan.addresses, LINK_LOCAL].map((prefix) => ({ prefix, neighbor: 0 })));
  }

  /** The largest packet on the way to a neighbor. */
  mtu(neighbor: number): number {
    return this.#mtus[neighbor]!;
  }

  /** Did the neighbor itself send this frame? */
  isFrom(packet: Packet, neighbor: number): boolean {
    const { frame, at } = packet;
    const { table } = this;
    return table.isResolved(neighbor) && ethernet.srcHigh(frame, at) === table.macHigh(neighbor) &&
      ethernet.srcLow(frame, at) === table.macLow(neighbor);
  }

  /** Addresses the frame to a neighbor. `asVerdict`, or PENDING when its MAC is not known yet. */
  send(packet: Packet, neighbor: number, asVerdict: number): number {
    this.neighbor = neighbor;
    this.sendTo(packet, this.table.macHigh(neighbor), this.table.macLow(neighbor));
    return this.table.isResolved(neighbor) ? asVerdict : verdict.PENDING;
  }

  /**
   * Addresses an answer, whose IP destination is written, to the machine that brought the question; or to the gateway when that
   * is known and the destination is not on our links.
   */
  sendBack(packet: Packet): void {
    const gateway = packet.isIpv6 ? this.#gateway6 : this.#gateway4;
    if (gateway === NO_GATEWAY || !this.table.isResolved(gateway) || this.#isOnLink(packet)) {
      const { frame, at } = packet;
      this.sendTo(packet, ethernet.srcHigh(frame, at), ethernet.srcLow(frame, at));
    } else {
      this.sendTo(packet, this.table.macHigh(gateway), this.table.macLow(gateway));
    }
  }

  /** Addresses a frame to a machine, as coming from us. */
  sendTo({ frame, at }: Packet, macHigh: number, macLow: number): void {
    ethernet.setDst(frame, at, macHigh, macLow);
    ethernet.setSrc(frame, at, this.#macHigh, this.#macLow);
  }

  /** The MAC at which an address of ours is: that of its cluster's group, or OWN_MAC, or SHARED_MAC. */
  macHighOf(place: number, isIpv6: boolean): number {
    if (place === SHARED_MAC) return (isIpv6 ? this.#shared6 : this.#shared4).high;
    return place === OWN_MAC ? this.#macHigh : this.table.macHigh(place);
  }

  macLowOf(place: number, isIpv6: boolean): number {
    if (place === SHARED_MAC) return (isIpv6 ? this.#shared6 : this.#shared4).low;
    return place === OWN_MAC ? this.#macLow : this.table.macLow(place);
  }

  /** Where a cluster's addresses are: at its group's MAC, or SHARED_MAC. */
  placeOf(cluster: number): number {
    const group = this.table.group(cluster);
    return group === NO_GROUP ? SHARED_MAC : group;
  }

  #isOnLink(packet: Packet): boolean {
    return nextHop(this.#links, packet) !== NO_ROUTE;
  }
}
