/** Who owns how many buckets of a cluster, as text. */

import type { Buckets } from "../engine/buckets.ts";
import { formatTable } from "./table.ts";

export function describeBuckets({ cluster, epoch, backends, owners, inTransition }: Buckets): string {
  const moving = Map.groupBy(inTransition, (bucket) => owners[bucket]!);
  const owned = Map.groupBy(owners.keys(), (bucket) => owners[bucket]!);
  const rows = [...backends.keys(), NOBODY].filter((owner) => owner !== NOBODY || owned.has(owner));
  return [
    `cluster ${cluster}: ${owners.length} buckets, epoch ${epoch}, ${inTransition.length} in transition`,
    formatTable(
      ["backend", "buckets", "share", "in transition"],
      rows.map((owner) => {
        const count = owned.get(owner)?.length ?? 0;
        const share = `${(100 * count / owners.length).toFixed(1)} %`;
        return [backends[owner] ?? "none", count, share, moving.get(owner)?.length ?? 0];
      }),
    ),
  ].join("\n");
}

const NOBODY = -1;
