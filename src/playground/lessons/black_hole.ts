import { packetOf } from "../../observe/packet.ts";
import { clientsOf, dispatcherOf, eachAnswer, hostOf, isSyn } from "./answers.ts";
import text from "./black_hole.json" with { type: "json" };
import type { Lesson } from "./lesson.ts";
import { CLUSTER, webScene } from "./scenes.ts";

const HOLE = "web3";

export const BLACK_HOLE: Lesson = {
  id: "black-hole",
  ...text,
  scene: webScene({ clients: 5, backends: 3, cluster: ["health: []"], nodes: { [HOLE]: { loopback: [] } } }),
  watch(world, chronicle) {
    /** Of connections that the hole got: how often they were begun. */
    const begun = new Map<string, number>();
    const lost = new Set<string>();
    const found = new Set<string>();
    const clients = clientsOf(world);
    chronicle.look("arrived", (crossing) => {
      const packet = crossing.to === HOLE ? packetOf(crossing.octets) : undefined;
      if (
        packet === undefined || packet.dst !== CLUSTER || !isSyn(packet) || !clients.has(packet.src) ||
        !isLive()
      ) return;
      const connection = `${packet.src}:${packet.srcPort}`;
      begun.set(connection, (begun.get(connection) ?? 0) + 1);
      if (begun.get(connection)! > 1) lost.add(packet.src);
    });
    eachAnswer(world, chronicle, CLUSTER, ({ client }) => {
      if (lost.has(client)) found.add(client);
    });
    const isLive = () =>
      dispatcherOf(world)?.engine?.status().clusters[0]?.backends.find(({ name }) => name === HOLE)?.live ===
        true;
    return () => [
      lost.size > 0,
      found.size === lost.size && !isLive() && hostOf(world, HOLE).loopback.length === 0,
    ];
  },
};
