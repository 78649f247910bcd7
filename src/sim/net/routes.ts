/** A machine's routes: by the longest prefix, and by a hash of the flow where several next hops share one. */

import { type Cidr, isIpv6, networkOf } from "../../wire/address.ts";
import type { Packet } from "../../path/packet.ts";
import * as hash from "../../table/hash.ts";
import { NO_ROUTE, RouteTable } from "../../table/route_table.ts";
import * as icmp from "../../wire/icmpv4.ts";
import * as icmpv6 from "../../wire/icmpv6.ts";
import * as ipv4 from "../../wire/ipv4.ts";
import * as ipv6 from "../../wire/ipv6.ts";
import * as protocol from "../../wire/protocol.ts";
import * as transport from "../../wire/transport.ts";
import { viewOf } from "./address_map.ts";
import type { Interface } from "./interface.ts";

export interface NextHop {
  readonly interface: Interface;
  /** Undefined: the destination is on the link. */
  readonly via: string | undefined;
  /** The same as octets. */
  readonly viaOctets: DataView | undefined;
}

export function nextHop(through: Interface, via?: string): NextHop {
  const viaOctets = via === undefined ? undefined : viewOf(via);
  return { interface: through, via, viaOctets };
}

export interface Route {
  readonly prefix: Cidr;
  /** One at least. */
  readonly hops: readonly NextHop[];
}

/** What chooses between several next hops: addresses alone, or ports too (fib_multipath_hash_policy). */
export type FlowHash = "addresses" | "ports";

export class Routes {
  flowHash: FlowHash = "addresses";
  readonly #seed: number;
  #routes: Route[] = [];
  #table = new RouteTable([]);

  /** `seed`: of the flows' hash, so that routers in a row do not choose alike. */
  constructor(seed: number) {
    this.#seed = seed;
  }

  get all(): readonly Route[] {
    return this.#routes;
  }

  /** In place of the one to the same prefix. */
  set(route: Route): void {
    this.#replace(route.prefix, [route]);
  }

  remove(prefix: Cidr): void {
    this.#replace(prefix, []);
  }

  #replace(prefix: Cidr, by: readonly Route[]): void {
    const [network, { prefixLength }] = [networkOf(prefix), prefix];
    const others = this.#routes.filter((route) =>
      route.prefix.prefixLength !== prefixLength || networkOf(route.prefix) !== network ||
      isIpv6(route.prefix.address) !== isIpv6(prefix.address)
    );
    this.#routes = [...others, ...by];
    this.#table = new RouteTable(this.#routes.map(({ prefix }, neighbor) => ({ prefix, neighbor })));
  }

  /** To an address; undefined where no route leads there. */
  routeTo(address: string): Route | undefined {
    return this.#routeAt(viewOf(address), 0, isIpv6(address));
  }

  #routeAt(frame: DataView, at: number, isV6: boolean): Route | undefined {
    const found = isV6 ? this.#table.lookup6(frame, at) : this.#table.lookup(frame.getInt32(at));
    return found === NO_ROUTE ? undefined : this.#routes[found];
  }

  /** Of the packet's flow; undefined where no route leads there. */
  hopOf(packet: Packet): NextHop | undefined {
    const hops = this.#routeAt(packet.frame, packet.dst, packet.isIpv6)?.hops;
    if (hops === undefined || hops.length === 1) return hops?.[0];
    return hops[Math.floor((this.#flowOf(packet) >>> 0) / 2 ** 32 * hops.length)];
  }

  /** An error of ICMP takes the way of the packet that it is about, as Linux has it. */
  #flowOf(packet: Packet): number {
    const { frame, ip, upper, upperLength, isIpv6, isIcmp } = packet;
    const header = isIpv6 ? ipv6.HEADER : ipv4.HEADER;
    const embeds = isIcmp && !packet.isFragment && upperLength >= icmp.HEADER + header &&
      (isIpv6 ? icmpv6 : icmp).isError(icmp.type(frame, upper));
    const of = embeds ? upper + icmp.HEADER : ip;
    const addresses = isIpv6
      ? this.#addresses6(frame, of + ipv6.SRC) ^ this.#addresses6(frame, of + ipv6.DST)
      // Either way round it is the same flow.
      : hash.ofIpv4(ipv4.src(frame, of), this.#seed) ^ hash.ofIpv4(ipv4.dst(frame, of), this.#seed);
    if (this.flowHash === "addresses" || embeds || packet.isFragment || upperLength < transport.PORTS) {
      return hash.ofWords(addresses, 0, this.#seed);
    }
    const hasPorts = packet.protocol === protocol.TCP || packet.protocol === protocol.UDP;
    const ports = hasPorts ? transport.bothPorts(frame, upper) : 0;
    return hash.ofWords(addresses, ports, this.#seed);
  }

  #addresses6(frame: DataView, at: number): number {
    return hash.ofIpv6(
      frame.getInt32(at),
      frame.getInt32(at + 4),
      frame.getInt32(at + 8),
      frame.getInt32(at + 12),
      this.#seed,
    );
  }
}
