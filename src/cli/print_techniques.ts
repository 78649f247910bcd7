/** The technique of each cluster, as text. */

import type { TechniqueOf } from "../cluster/techniques.ts";
import { formatTable } from "./table.ts";

export function describeTechniques(techniques: readonly TechniqueOf[]): string {
  return formatTable(
    ["cluster", "technique"],
    techniques.map(({ cluster, technique }) => [cluster, technique]),
  );
}
