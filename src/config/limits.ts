/** How large a configuration may be: what has been tried and holds. docs/limits.md says it to people. */

import * as z from "zod";
import { beside, type Check } from "../input/contents.ts";
import type { Path } from "../input/places.ts";

export const MOST = {
  clusters: 256,
  /** Of all clusters together; a machine counts once for each cluster that it is in. */
  backends: 4096,
  /** Of one cluster. */
  clusterBuckets: 65_536,
  /** Of all clusters together. */
  buckets: 1_048_576,
  /** Of all clusters together: those that there is room for while buckets are in transition. */
  connections: 8_388_608,
  routes: 256,
  /** Of a pair; an advertisement has all of them in it. */
  sharedAddresses: 16,
  /** Backends of a cluster that has agents: each hears all others, several times a second. */
  agents: 64,
  /** Of the API by TCP. */
  listeners: 8,
} as const;

const anything = z.unknown();

/** `place` is such as `clusters[]`. */
export function areAtMost(most: number, place: string, what: string): Check {
  return (contents, complain) => {
    const found = contents.all(place, anything).length;
    if (found <= most) return;
    const list = place.slice(0, place.indexOf("[")).split(".");
    complain(list, `There are too many ${what}, found ${found}, use ${most} at most`);
  };
}

/** `absent`: how many buckets a cluster has that does not say so. */
export function bucketsAreAtMost(absent: number): Check {
  return sumIsAtMost(MOST.buckets, ["buckets"], "buckets", absent);
}

/** `absent`: how many connections a cluster has room for that does not say so. */
export function connectionsAreAtMost(absent: number): Check {
  return sumIsAtMost(MOST.connections, ["transition", "connections"], "connections to remember", absent);
}

/** Of a whole number of each cluster. */
function sumIsAtMost(most: number, place: Path, what: string, absent: number): Check {
  return (contents, complain) => {
    const sum = contents.all("clusters[]", anything).reduce(
      (sum, { path }) => sum + (contents.at([...path, ...place], z.int())?.value ?? absent),
      0,
    );
    if (sum <= most) return;
    complain(["clusters"], `There are too many ${what} in all clusters, found ${sum}, use ${most} at most`);
  };
}

export const agentsAreAtMost: Check = (contents, complain) => {
  for (const { path } of contents.all("clusters[].agent", anything)) {
    const backends = contents.at(beside(path, "backends"), z.array(anything))?.value.length ?? 0;
    if (backends <= MOST.agents) continue;
    complain(
      path,
      `There are too many backends for agents, which all hear each other, found ${backends}, ` +
        `use ${MOST.agents} at most or split the cluster`,
    );
  }
};
