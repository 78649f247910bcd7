/** All that is known of each backend as text: its three aspects beside each other. */

import type { Status } from "../engine/status.ts";
import { formatTable } from "./table.ts";

const HEAD = [
  ...["cluster", "backend", "address", "state", "neighbor", "health", "wanted"],
  ...["weight", "buckets", "probe ms"],
];

export function describeBackends({ clusters }: Status): string {
  const backends = clusters.flatMap(({ backends }) => backends);
  return formatTable(
    HEAD,
    backends.map(({ cluster, name, address, state, neighbor, health, administration, ...numbers }) => [
      ...[cluster, name, address, state, neighbor.state, health.state, administration.state],
      ...[numbers.weight, numbers.buckets, numbers.probeMs?.toFixed(1) ?? "none"],
    ]),
  );
}
