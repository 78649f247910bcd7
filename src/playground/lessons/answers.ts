/** What lessons see of clients and servers: who answers whom, as the frames say it. */

import { type Packet, packetOf } from "../../observe/packet.ts";
import type { DispatcherNode } from "../../sim/dispatcher_node.ts";
import type { World } from "../../sim/world.ts";
import type { Chronicle } from "../seen/chronicle.ts";
import type { Crossing } from "../seen/recording.ts";
import { ACK, SYN } from "../../wire/tcp.ts";

/** A server accepts a client's connection. */
export interface Answer {
  readonly server: string;
  readonly client: string;
  readonly crossing: Crossing;
}

/** Calls for each SYN-ACK that a server of the cluster sends. */
export function eachAnswer(
  world: World,
  chronicle: Chronicle,
  cluster: string,
  call: (answer: Answer) => void,
): void {
  chronicle.look("sent", (crossing) => {
    if (world.scene.nodes[crossing.from]?.kind !== "backend") return;
    const packet = packetOf(crossing.octets);
    if (packet?.kind !== "tcp" || packet.src !== cluster || !isSynAck(packet)) return;
    call({ server: crossing.from, client: packet.dst, crossing });
  });
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

/** Whose client this is, by the dispatcher's map. */
export function ownerOf(world: World, client: string): string | undefined {
  return dispatcherOf(world)?.engine?.explain(client)[0]?.backend ?? undefined;
}
