/** What people have changed of the configuration by command, while the dispatcher runs. */

import { wantedOf } from "../cluster/aspects.ts";
import type { AdministrationState } from "../cluster/liveness.ts";
import type { Config } from "../config/config.ts";
import type { EngineParts } from "./parts.ts";

/** A backend that is drained, or taken down, by command: no file says that. */
export interface Drained {
  readonly cluster: string;
  readonly backend: string;
  readonly state: Exclude<AdministrationState, "active">;
}

/** The configuration with what people have changed of it by command since. */
export interface Commanded {
  /** With the weights and techniques as they are now. */
  readonly config: Config;
  readonly drained: readonly Drained[];
}

export function commandedOf(
  { config, liveness, forwarding: { techniques } }: Pick<EngineParts, "config" | "liveness" | "forwarding">,
): Commanded {
  const clusters = config.clusters.map((cluster) => ({
    ...cluster,
    technique: techniques.isBroadcast(cluster) ? "broadcast" as const : "route" as const,
    backends: cluster.backends.map((backend) => (
      { ...backend, weight: liveness.of(cluster.name, backend.name).weight }
    )),
  }));
  const drained = config.clusters.flatMap(({ name: cluster, backends }) =>
    backends.flatMap(({ name: backend }): Drained[] => {
      const state = wantedOf(liveness.of(cluster, backend));
      return state === "active" ? [] : [{ cluster, backend, state }];
    })
  );
  return { config: { ...config, clusters }, drained };
}
