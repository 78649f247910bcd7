import type { Crossing } from "../seen/recording.ts";
import * as ethernet from "../../wire/ethernet.ts";
import * as ipv4 from "../../wire/ipv4.ts";
import { UDP } from "../../wire/protocol.ts";
import { dispatcherOf } from "./answers.ts";
import text from "./fragments.json" with { type: "json" };
import type { Lesson } from "./lesson.ts";
import { webScene } from "./scenes.ts";

/** A datagram on its way to a backend, piece by piece. */
interface Datagram {
  /** Offsets, in the order in which the dispatcher got them. */
  readonly offsets: number[];
  readonly backends: Set<string>;
}

export const FRAGMENTS: Lesson = {
  id: "fragments",
  ...text,
  scene: webScene({ clients: 2, backends: 3, cluster: ["health: []"], hasEdge: true }),
  watch(world, chronicle) {
    /** By client and identification. */
    const datagrams = new Map<string, Datagram>();
    let hasWhole = false;
    let hasOvertaken = false;
    /** By client: the last datagram of which all pieces that came went to one backend. */
    const asked = new Map<string, Datagram>();
    chronicle.look("arrived", (crossing) => {
      const piece = pieceOf(crossing);
      if (piece === undefined) return;
      const { from, to, identification, fragment } = piece;
      const kind = world.scene.nodes[crossing.to]?.kind;
      if (kind === "dispatcher" || kind === "backend") {
        if (fragment === 0) return;
        const key = `${from} ${identification}`;
        const datagram = datagrams.get(key) ?? { offsets: [], backends: new Set() };
        datagrams.set(key, datagram);
        if (kind === "dispatcher") datagram.offsets.push(fragment & ~1);
        else datagram.backends.add(crossing.to);
        asked.set(from, datagram);
      } else if (kind === "client") {
        const datagram = asked.get(to);
        if (datagram === undefined || datagram.backends.size !== 1 || datagram.offsets.length < 2) return;
        hasWhole = true;
        if (datagram.offsets[0]! > 0) hasOvertaken = true;
      }
    });
    return () => [hasWhole, hasOvertaken, remembered(dispatcherOf(world)?.engine?.report()) === 0];
  },
};

function remembered(
  report: { readonly transitions: Readonly<Record<string, { readonly remembered: number }>> } | undefined,
): number {
  return Object.values(report?.transitions ?? {}).reduce((sum, { remembered }) => sum + remembered, 0);
}

function pieceOf({ octets }: Crossing) {
  const frame = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const at = ethernet.HEADER;
  if (ethernet.type(frame, 0) !== ethernet.TYPE_IPV4 || ipv4.protocol(frame, at) !== UDP) return undefined;
  const address = (offset: number) => octets.subarray(at + offset, at + offset + 4).join(".");
  return {
    from: address(ipv4.SRC),
    to: address(ipv4.DST),
    identification: frame.getUint16(at + 4),
    fragment: ipv4.fragmentOffsetAndMore(frame, at),
  };
}
