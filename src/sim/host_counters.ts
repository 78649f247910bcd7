/** What a host or a router has counted. */

import type { Host } from "./net/host.ts";

export function countersOf({ ip, tcp, pings }: Host): Record<string, number> {
  return {
    ...ip.counters,
    overflows: tcp.overflows,
    resets: tcp.resets,
    "errors.dropped": ip.limits.dropped,
    "errors.forgotten": ip.limits.forgotten,
    "pings.forgotten": pings.forgotten,
  };
}
