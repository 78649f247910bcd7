/**
 * The walk of an IP packet of either family, once its addresses have been judged (ipv4_path.ts, ipv6_path.ts): to a backend of
 * the cluster that it is for, to the dispatcher itself, or on to another network.
 */

import * as ethernet from "../wire/ethernet.ts";
import * as icmp from "../wire/icmpv4.ts";
import * as icmpv6 from "../wire/icmpv6.ts";
import * as protocol from "../wire/protocol.ts";
import * as tcp from "../wire/tcp.ts";
import * as transport from "../wire/transport.ts";
import { NO_BACKEND } from "../table/bucket_map.ts";
import type { OpenPorts } from "../table/open_ports.ts";
import { IN_TRANSITION, NO_GROUP } from "../table/forwarding_table.ts";
import { NO_ROUTE, RouteTable } from "../table/route_table.ts";
import type { Answers } from "./answers.ts";
import { CLOSED_DROP, Clusters, OPEN } from "./clusters.ts";
import type { Egress } from "./egress.ts";
import { nextHop } from "./next_hop.ts";
import type { Packet } from "./packet.ts";
import { Peer } from "./peer.ts";
import type { Plan } from "./plan.ts";
import { FIRST_PROBE_PORT, NO_PROBE_PORT, probePortOf } from "./probe_ports.ts";
import { type PathMemory, Transitions } from "./transitions.ts";
import * as verdict from "./verdict.ts";
import type { VirtioHeader } from "./virtio_header.ts";

/** What an address is: the dispatcher's own. A cluster's address is the cluster's index, any other ABSENT. */
export const SELF = 0x7fffffff;
/** The dispatcher's while it is the active one of a pair, apart from the clusters' addresses. */
export const SHARED = 0x7ffffffd;

export class IpPath {
  readonly #clusters: Clusters;
  readonly #transitions: Transitions;
  readonly #openPorts: OpenPorts;
  readonly #routes: RouteTable;
  readonly #egress: Egress;
  readonly #answers: Answers;
  readonly #virtio: VirtioHeader;
  readonly #peer: Peer;
  /** The other one of a pair is to know each connection that begins in a transition. */
  readonly #hasPeer: boolean;
  #isNews = false;

  constructor(plan: Plan, memory: PathMemory, egress: Egress, answers: Answers, virtio: VirtioHeader) {
    this.#clusters = new Clusters(plan.clusters);
    this.#transitions = new Transitions(plan.clusters, memory);
    this.#openPorts = memory.openPorts;
    this.#routes = new RouteTable(plan.routes);
    this.#egress = egress;
    this.#answers = answers;
    this.#virtio = virtio;
    this.#peer = new Peer(plan);
    this.#hasPeer = plan.vrrp?.peer !== undefined;
  }

  /** A packet from an address of ours, which `src` is, to what `dst` is. */
  receiveFromOurs(packet: Packet, src: number, dst: number): number {
    if (src === SELF || src === SHARED) return verdict.DROP_FROM_SELF;
    if (dst !== SELF) return verdict.DROP_FROM_CLUSTER;
    // A backend answers from the cluster address when the control plane asks it there.
    const port = probePortOf(packet);
    if (port === NO_PROBE_PORT) return this.#answers.heard(verdict.DROP_FROM_CLUSTER);
    const { frame, at } = packet;
    // What nobody waits for, or comes from elsewhere, takes no share of the rate.
    const isAwaited = this.#openPorts.isOpenTo(
      port - FIRST_PROBE_PORT,
      ethernet.srcHigh(frame, at),
      ethernet.srcLow(frame, at),
    );
    return isAwaited ? this.#answers.heardProbe(packet) : verdict.DROP_FROM_CLUSTER;
  }

  /** To the backend that owns the client's bucket, or to all. Nothing but hop limit, header checksum and MACs is touched. */
  dispatch(packet: Packet, cluster: number): number {
    if (packet.hopLimit <= 1) return this.#answers.error(packet, verdict.TIME_EXCEEDED);
    if (this.#clusters.hasPorts(cluster)) {
      const port = this.#clusters.portState(packet, cluster);
      if (port !== OPEN) return this.#refuse(packet, port);
    }
    this.#isNews = false;
    const group = this.#egress.table.group(cluster);
    const neighbor = group === NO_GROUP ? this.#owner(packet, cluster) : group;
    if (neighbor === NO_BACKEND) return this.#answers.error(packet, verdict.HOST_UNREACHABLE);
    if (this.#egress.isFrom(packet, neighbor)) return verdict.DROP_LOOP;
    this.#egress.cluster = cluster;
    return this.#forward(packet, neighbor, this.#isNews ? verdict.TOLD : verdict.DISPATCHED);
  }

  /** The neighbor to which a packet to the cluster goes, or NO_BACKEND. */
  #owner(packet: Packet, cluster: number): number {
    const { table } = this.#egress;
    const bucket = this.#clusters.bucket(packet, cluster);
    const owner = table.soleOwner(bucket);
    if (owner < IN_TRANSITION) return owner;
    const neighbor = this.#transitions.owner(packet, cluster, bucket, table);
    this.#isNews = this.#hasPeer && this.#transitions.hasBegun;
    return neighbor;
  }

  /** To a port of the cluster that is closed in this way. */
  #refuse(packet: Packet, closed: number): number {
    if (closed === CLOSED_DROP) return verdict.DROP_CLOSED;
    switch (packet.protocol) {
      case protocol.UDP:
        return this.#answers.error(packet, verdict.PORT_UNREACHABLE);
      case protocol.TCP:
        return this.#answers.reset(packet);
      default:
        return this.#answers.error(packet, verdict.PROHIBITED);
    }
  }

  /** To the next hop of the longest prefix. */
  route(packet: Packet): number {
    const neighbor = this.#nextHop(packet);
    if (neighbor === NO_ROUTE) return this.#answers.error(packet, verdict.NET_UNREACHABLE);
    if (packet.hopLimit <= 1) return this.#answers.error(packet, verdict.TIME_EXCEEDED);
    return this.#forward(packet, neighbor, verdict.FORWARDED);
  }

  #nextHop(packet: Packet): number {
    // RFC 3927 section 2.7 and RFC 4291 section 2.5.6: it stays on its link, and so never goes by way of a router.
    return packet.isLinkLocal ? NO_ROUTE : nextHop(this.#routes, packet);
  }

  #forward(packet: Packet, neighbor: number, asVerdict: number): number {
    const mtu = this.#egress.mtu(neighbor);
    if (packet.totalLength > mtu && this.#virtio.lengthOnWire(packet) > mtu) return this.#tooBig(packet, mtu);
    // RFC 1812 section 5.2.7.1: code 1 when the next hop cannot be reached; RFC 4443 section 3.1: code 3.
    if (this.#egress.table.isFailed(neighbor)) return this.#answers.error(packet, verdict.HOST_UNREACHABLE);
    packet.decrementHopLimit();
    const became = this.#egress.send(packet, neighbor, asVerdict);
    if (became === verdict.TOLD) return this.#answers.told();
    return became === verdict.PENDING ? this.#answers.pending() : became;
  }

  /** For the way ahead, whose MTU it is told. */
  #tooBig(packet: Packet, mtu: number): number {
    return packet.mayBeFragmented ? verdict.DROP_TOO_BIG : this.#answers.error(packet, verdict.TOO_BIG, mtu);
  }

  /** To the dispatcher itself. It is a router and no host: it answers echo and turns the rest away. */
  deliver(packet: Packet): number {
    if (packet.isFragment) return verdict.DROP_SELF;
    // RFC 8200 section 4.4: it knows no type of routing header.
    if (packet.routingType !== 0) {
      return this.#answers.error(packet, verdict.PARAMETER_PROBLEM, packet.routingType);
    }
    if (this.#peer.isFrom(packet)) return this.#answers.heardPeer(packet);
    this.#virtio.settle(packet);
    if (packet.isIcmp) {
      return isEchoReply(packet) ? this.#answers.heard(verdict.DROP_SELF) : this.#answers.echo(packet);
    }
    switch (packet.protocol) {
      case protocol.TCP:
        return isSynAck(packet) ? this.#answers.heardOrReset(packet) : this.#answers.reset(packet);
      case protocol.UDP:
        return isUdpRight(packet) ? this.#answers.error(packet, verdict.PORT_UNREACHABLE) : verdict.DROP_SELF;
      default:
        if (packet.isIpv6 && packet.protocol === protocol.NO_NEXT_HEADER) return verdict.DROP_SELF;
        return this.#answers.error(packet, verdict.PROTOCOL_UNREACHABLE, packet.pointer);
    }
  }
}

function isEchoReply({ frame, isIpv6, upper, upperLength }: Packet): boolean {
  const reply = isIpv6 ? icmpv6.ECHO_REPLY : icmp.ECHO_REPLY;
  return upperLength >= icmp.HEADER && icmp.type(frame, upper) === reply;
}

function isSynAck({ frame, upper, upperLength }: Packet): boolean {
  return upperLength >= tcp.HEADER && tcp.isSynAck(frame, upper);
}

function isUdpRight(packet: Packet): boolean {
  const { frame, upper, upperLength } = packet;
  const mayLackChecksum = !packet.isIpv6;
  return transport.isUdpRight(
    frame,
    upper,
    upperLength,
    packet.pseudoHeaderSum(upperLength),
    mayLackChecksum,
  );
}
