import { FIN, RST, SYN } from "../../wire/tcp.ts";
import { dispatcherOf, eachAnswer, segmentOf } from "./answers.ts";
import text from "./drain.json" with { type: "json" };
import type { Lesson } from "./lesson.ts";
import { CLUSTER, webScene } from "./scenes.ts";

const LEAST = 2;

export const DRAIN: Lesson = {
  id: "drain",
  ...text,
  scene: webScene({ clients: 5, backends: 3, cluster: ["health: []"] }),
  watch(world, chronicle) {
    /** The backend of each open connection, by client and port. */
    const open = new Map<string, string>();
    /** Of a backend that is drained: its connections from before. */
    const older = new Map<string, ReadonlySet<string>>();
    const served = new Set<string>();
    let hasCut = false;
    eachAnswer(world, chronicle, CLUSTER, ({ backend, client, crossing }) => {
      open.set(`${client}:${segmentOf(crossing)!.dstPort}`, backend);
    });
    chronicle.look("arrived", (crossing) => {
      const segment = segmentOf(crossing);
      if (segment === undefined) return;
      const [isFrom, isTo] = [crossing.from, crossing.to].map((name) =>
        world.scene.nodes[name]?.kind === "client"
      );
      if (isFrom && (segment.flags & (FIN | RST)) !== 0) open.delete(`${segment.src}:${segment.srcPort}`);
      if (!isTo) return;
      const name = `${segment.dst}:${segment.dstPort}`;
      const backend = open.get(name);
      if ((segment.flags & RST) !== 0 && backend !== undefined) hasCut = true;
      if ((segment.flags & (SYN | FIN | RST)) === 0 && segment.data > 0 && backend !== undefined) {
        if (older.get(backend)?.has(name)) served.add(backend);
      }
    });
    const of = (backend: string) => [...open].filter(([, one]) => one === backend).map(([name]) => name);
    return () => {
      const backends = [...world.nodes].filter(([, { kind }]) => kind === "backend").map(([name]) => name);
      const states = dispatcherOf(world)?.engine?.status().clusters[0]?.backends ?? [];
      for (const { name, administration } of states) {
        if (administration.state !== "draining") older.delete(name);
        else if (!older.has(name)) older.set(name, new Set(of(name)));
      }
      const off = backends.filter((name) => !world.node(name).isRunning);
      if (off.some((name) => of(name).length > 0)) hasCut = true;
      return [
        backends.some((name) => of(name).length >= LEAST),
        backends.some((name) => served.has(name) && (older.get(name)?.size ?? 0) >= LEAST),
        !hasCut && off.some((name) => served.has(name) && older.has(name)),
      ];
    };
  },
};
