/** What an agent is told: its cluster, its backend, the key. Every mistake is the caller's, so all errors are UsageErrors. */

import { UsageError } from "../../input/errors.ts";
import type { AgentConfig, ClusterConfig, Config } from "../../config/config.ts";
import { loadConfig } from "../../config/load.ts";
import { filteredClusters } from "../rules/ownership.ts";

export interface AgentArguments {
  /** The configuration file. */
  readonly file: string;
  readonly backend: string;
  /** Its name; needed where the backend is in several clusters that have a filter. */
  readonly cluster: string | undefined;
}

/** The configuration, the cluster of it that the agent is for, and the agent's settings. Throws UsageError. */
export function agentOf(
  file: string,
  backend: string,
  wanted: string | undefined,
): { config: Config; cluster: ClusterConfig; settings: AgentConfig } {
  const config = loadConfig(file);
  const clusters = filteredClusters(config, backend).filter(({ name }) => name === (wanted ?? name));
  const [cluster] = clusters;
  if (cluster === undefined) {
    throw new UsageError(`Backend "${backend}" is in no cluster "${wanted}" that has a filter`);
  }
  if (clusters.length > 1) {
    const names = clusters.map(({ name }) => name).join(", ");
    throw new UsageError(
      `Backend "${backend}" is in several clusters: ${names}; name one with --cluster: each needs an agent of its own`,
    );
  }
  if (cluster.agent === undefined) {
    throw new UsageError(
      `Cluster "${cluster.name}" has no agent; add "agent: {keyFile: cluster.key}" to it in "${file}"`,
    );
  }
  return { config, cluster, settings: cluster.agent };
}
