/**
 * The one place that says what a world lacks of what a configuration may ask for, and what it has in its place:
 *
 *     probes that speak HTTP or DNS, or start a program    the nearest of tcp, udp and icmp, which need frames alone
 *     BIRD, which announces the routes                     the routes of the scene's routers, which are static
 *     a fast path in the kernel                            none: each frame goes the way that it goes without
 *     commands of onEvent                                  none are run
 *
 * All else is as on a machine.
 */

import type { Config } from "../config/config.ts";
import type { Probe } from "../config/meaning.ts";

const IN_PLACE_OF = {
  tcp: "tcp",
  icmp: "icmp",
  udp: "udp",
  http: "tcp",
  https: "tcp",
  // A world's servers answer whatever they are sent, and know no names.
  dns: "udp",
  exec: "icmp",
} as const satisfies Record<Probe["type"], Probe["type"]>;

/** The same configuration, as a world has it. */
export function simulated(config: Config): Config {
  const of = (health: readonly Probe[] | undefined) => health?.map(simulatedProbe);
  return {
    ...config,
    dispatcher: { ...config.dispatcher, fastPath: "off", onEvent: undefined },
    clusters: config.clusters.map((cluster) => ({
      ...cluster,
      health: of(cluster.health),
      backends: cluster.backends.map((backend) => ({ ...backend, health: of(backend.health) })),
    })),
    fleet: config.fleet && { ...config.fleet, bird: undefined },
  };
}

function simulatedProbe(probe: Probe): Probe {
  const type = IN_PLACE_OF[probe.type];
  if (type === probe.type && probe.expect === undefined) return probe;
  return { ...probe, type, expect: undefined, port: type === "icmp" ? undefined : probe.port };
}
