/** The way of a packet through a lab, by where it was seen. */

import type { Observation } from "../observe/protocol.ts";
import { formatPlace } from "./finding.ts";

/** The same for a packet at each place of its way, and for one that is sent again. */
export function keyOf(packet: Observation): string {
  const { kind, src, srcPort, dst, dstPort, flags, sequence } = packet;
  // A claim does not leave its link. Two machines may say the same of themselves.
  const mac = kind === "claim" ? packet.srcMac : "";
  return [kind, mac, src, srcPort, dst, dstPort, flags, sequence].join(" ");
}

/** Where it comes from: the nodes that sent it and did not receive it. More than one for what two machines say alike. */
export function originsOf(observations: readonly Observation[]): Observation[] {
  const receivers = new Set(observations.filter(({ isOutgoing }) => !isOutgoing).map(({ node }) => node));
  const origins = new Map<string, Observation>();
  for (const one of observations) {
    if (one.isOutgoing && !receivers.has(one.node) && !origins.has(one.node)) origins.set(one.node, one);
  }
  return [...origins.values()];
}

/** "client1, wan, router, lan, web4; last seen coming in at web4:eth1". Of a packet that is sent again, the last time counts. */
export function describeWay(observations: readonly Observation[]): string {
  const [first] = observations;
  if (first === undefined) return "not seen anywhere";
  const again = observations.findLastIndex((one) =>
    one.node === first.node && one.interface === first.interface
  );
  const way = observations.slice(again);
  const last = way.at(-1)!;
  const nodes = way.map(({ node }) => node).filter((node, index, all) => node !== all[index - 1]);
  return `${nodes.join(", ")}; last seen ${last.isOutgoing ? "going out" : "coming in"} at ${
    formatPlace(last)
  }`;
}
