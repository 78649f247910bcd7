/** The way of one request and of its reply across the LAN, hop by hop, from what its bridge saw. */

import type { Sighting } from "../lab/witness.ts";
import type { Topology } from "../lab/topology.ts";

/** One frame's step: from a machine to the next. */
export interface Hop {
  readonly from: string;
  readonly fromMac: string;
  readonly to: string;
  readonly toMac: string;
}

export function hopsOf(
  topology: Topology,
  sightings: readonly Sighting[],
  client: string,
  cluster: string,
  dispatcherMac: string,
): { request: Hop[]; reply: Hop[] } {
  const names = new Map(
    topology.nodes.flatMap(({ name, interfaces }) => interfaces.map(({ mac }) => [mac, name])),
  );
  names.set(dispatcherMac, "dispatcher");
  const name = (mac: string) => names.get(mac) ?? "unknown";
  const hop = ({ srcMac, dstMac }: Sighting): Hop => (
    { from: name(srcMac), fromMac: srcMac, to: name(dstMac), toMac: dstMac }
  );
  // In the order of travel: what arrives at the dispatcher before what leaves it.
  const there = sightings.filter(({ src, dst }) => src === client && dst === cluster)
    .sort((a, b) => Number(a.srcMac === dispatcherMac) - Number(b.srcMac === dispatcherMac));
  const back = sightings.filter(({ src, dst }) => src === cluster && dst === client);
  return { request: there.map(hop), reply: back.map(hop) };
}
