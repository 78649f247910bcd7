/** Who serves a client now, as text. */

import type { LiveExplanation } from "../engine/explain_live.ts";
import { formatTable } from "./table.ts";

export function describeExplanations(explanations: readonly LiveExplanation[]): string {
  return formatTable(
    ["client", "cluster", "hash", "bucket", "backend", "keeps", "why"],
    explanations.map(({ client, cluster, hash, bucket, backend, keeps, why }) => [
      ...[client, cluster, hash, bucket, backend ?? "none", keeps ?? "", why],
    ]),
  );
}
