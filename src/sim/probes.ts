/**
 * The one place that says which probes a world has: those of frames alone, `tcp`, `icmp` and `udp`. Whatever speaks HTTP or DNS, or starts
 * a program, would need more of the machine than a world has, and a browser has none of it. Such a probe is made by the nearest of the three.
 */

import type { Config } from "../config/config.ts";
import type { Probe } from "../config/meaning.ts";

const IN_PLACE_OF = {
  tcp: "tcp",
  icmp: "icmp",
  udp: "udp",
  http: "tcp",
  https: "tcp",
  // A world's servers send back what they get: no answer to a question.
  dns: "udp",
  exec: "icmp",
} as const satisfies Record<Probe["type"], Probe["type"]>;

/** The same configuration with probes that a world has. */
export function simulated(config: Config): Config {
  const of = (health: readonly Probe[] | undefined) => health?.map(simulatedProbe);
  return {
    ...config,
    clusters: config.clusters.map((cluster) => ({
      ...cluster,
      health: of(cluster.health),
      backends: cluster.backends.map((backend) => ({ ...backend, health: of(backend.health) })),
    })),
  };
}

function simulatedProbe(probe: Probe): Probe {
  const type = IN_PLACE_OF[probe.type];
  if (type === probe.type && probe.expect === undefined) return probe;
  return { ...probe, type, expect: undefined, port: type === "icmp" ? undefined : probe.port };
}
