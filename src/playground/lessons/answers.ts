/** What lessons see of clients and backends: who answers whom, as the frames say it. */

import { type Packet, packetOf } from "../../observe/packet.ts";
import type { DispatcherNode } from "../../sim/dispatcher_node.ts";
import type { HostNode } from "../../sim/host_node.ts";
import type { World } from "../../sim/world.ts";
import type { Chronicle } from "../seen/chronicle.ts";
import type { Crossing } from "../seen/recording.ts";
import { ipOf } from "../../wire/address.ts";
import * as ethernet from "../../wire/ethernet.ts";
import * as ipv4 from "../../wire/ipv4.ts";
import { TCP } from "../../wire/protocol.ts";
import * as tcp from "../../wire/tcp.ts";
import { ACK, SYN } from "../../wire/tcp.ts";
import * as transport from "../../wire/transport.ts";

/** A backend accepts a client's connection. */
export interface Answer {
  readonly backend: string;
  readonly client: string;
  readonly crossing: Crossing;
}

/** Calls for each SYN-ACK that a backend of the cluster sends to a client. The dispatcher's own questions are none. */
export function eachAnswer(
  world: World,
  chronicle: Chronicle,
  cluster: string,
  call: (answer: Answer) => void,
): void {
  const clients = clientsOf(world);
  chronicle.look("sent", (crossing) => {
    if (world.scene.nodes[crossing.from]?.kind !== "backend") return;
    const packet = packetOf(crossing.octets);
    if (packet?.kind !== "tcp" || packet.src !== cluster || !isSynAck(packet) || !clients.has(packet.dst)) {
      return;
    }
    call({ backend: crossing.from, client: packet.dst, crossing });
  });
}

/** Their addresses. */
export function clientsOf(world: World): ReadonlySet<string> {
  return new Set(
    Object.values(world.scene.nodes).flatMap((node) =>
      node.kind === "client" ? node.addresses.map((address) => address.split("/")[0]!) : []
    ),
  );
}

export function isSyn({ kind, flags }: Packet): boolean {
  return kind === "tcp" && (flags & (SYN | ACK)) === SYN;
}

function isSynAck({ flags }: Packet): boolean {
  return (flags & (SYN | ACK)) === (SYN | ACK);
}

/** The one that runs. */
export function dispatcherOf(world: World): DispatcherNode | undefined {
  return world.dispatchers.find(({ engine }) => engine !== undefined);
}

export function hostOf(world: World, name: string): HostNode {
  return world.node(name) as HostNode;
}

/** Whose client this is, by the dispatcher's map. */
export function ownerOf(world: World, client: string): string | undefined {
  return dispatcherOf(world)?.engine?.explain(client)[0]?.backend ?? undefined;
}

/** A TCP segment in an IPv4 packet, as far as lessons look at it. */
export interface Seen {
  readonly src: string;
  readonly dst: string;
  readonly srcPort: number;
  readonly dstPort: number;
  readonly flags: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  /** Octets of data. */
  readonly data: number;
}

/** Undefined for what is none, and for fragments. */
export function segmentOf({ octets, length }: Crossing): Seen | undefined {
  const frame = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const at = ethernet.HEADER;
  if (ethernet.type(frame, 0) !== ethernet.TYPE_IPV4 || octets.length < at + ipv4.HEADER + tcp.HEADER) {
    return undefined;
  }
  if (ipv4.protocol(frame, at) !== TCP || ipv4.fragmentOffsetAndMore(frame, at) !== 0) return undefined;
  const header = at + ipv4.headerLength(frame, at);
  if (octets.length < header + tcp.HEADER) return undefined;
  return {
    src: ipOf(octets.subarray(at + ipv4.SRC, at + ipv4.SRC + 4)),
    dst: ipOf(octets.subarray(at + ipv4.DST, at + ipv4.DST + 4)),
    srcPort: transport.srcPort(frame, header),
    dstPort: transport.dstPort(frame, header),
    flags: tcp.flags(frame, header),
    sequence: tcp.sequence(frame, header),
    acknowledgment: tcp.acknowledgment(frame, header),
    data: Math.min(length - at, ipv4.totalLength(frame, at)) - (header - at) -
      tcp.headerLength(frame, header),
  };
}
