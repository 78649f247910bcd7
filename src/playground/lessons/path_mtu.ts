import { mtuOf } from "../seen/view_of.ts";
import type { Crossing } from "../seen/recording.ts";
import { ipOf } from "../../wire/address.ts";
import * as ethernet from "../../wire/ethernet.ts";
import * as icmpv4 from "../../wire/icmpv4.ts";
import * as ipv4 from "../../wire/ipv4.ts";
import { ICMP } from "../../wire/protocol.ts";
import { ACK, SYN } from "../../wire/tcp.ts";
import { ownerOf, segmentOf } from "./answers.ts";
import type { Lesson } from "./lesson.ts";
import text from "./path_mtu.json" with { type: "json" };
import { CLUSTER, webScene } from "./scenes.ts";

const LINK = "edge-router";
const NARROW = 1400;
const LARGE = 20_000;

export const PATH_MTU: Lesson = {
  id: "path-mtu",
  ...text,
  scene: webScene({ clients: 3, backends: 3, cluster: ["health: []"], hasEdge: true }),
  watch(world, chronicle) {
    /** By client and port: the first octet that the backend sends. */
    const begun = new Map<string, number>();
    let [hasWhole, hasHeard] = [false, false];
    const isNarrow = () => mtuOf(world, LINK) <= NARROW;
    chronicle.look("arrived", (crossing) => {
      const kind = world.scene.nodes[crossing.to]?.kind;
      if (kind === "backend" && quotedClient(crossing) !== undefined) {
        if (ownerOf(world, quotedClient(crossing)!) === crossing.to) hasHeard = true;
      } else if (kind === "client") {
        const segment = segmentOf(crossing);
        if (segment?.src === CLUSTER && (segment.flags & SYN) !== 0) {
          begun.set(`${segment.dst}:${segment.dstPort}`, (segment.sequence + 1) | 0);
        }
      } else if (world.scene.nodes[crossing.from]?.kind === "client" && isNarrow()) {
        const segment = segmentOf(crossing);
        const first = segment && begun.get(`${segment.src}:${segment.srcPort}`);
        if (segment === undefined || first === undefined || (segment.flags & ACK) === 0) return;
        if (((segment.acknowledgment - first) | 0) >= LARGE) hasWhole = true;
      }
    });
    return () => [isNarrow(), hasWhole, hasHeard];
  },
};

/** Of an error that says that a packet was too big: to whom that packet was. */
function quotedClient({ octets }: Crossing): string | undefined {
  const frame = new DataView(octets.buffer, octets.byteOffset, octets.length);
  const at = ethernet.HEADER;
  if (ethernet.type(frame, 0) !== ethernet.TYPE_IPV4 || ipv4.protocol(frame, at) !== ICMP) return undefined;
  const message = at + ipv4.headerLength(frame, at);
  const inner = message + icmpv4.HEADER;
  if (octets.length < inner + ipv4.HEADER) return undefined;
  const isTooBig = icmpv4.type(frame, message) === icmpv4.DESTINATION_UNREACHABLE &&
    icmpv4.code(frame, message) === icmpv4.FRAGMENTATION_NEEDED;
  return isTooBig ? ipOf(octets.subarray(inner + ipv4.DST, inner + ipv4.DST + 4)) : undefined;
}
