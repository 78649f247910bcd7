/** What an agent is told: its cluster, its backend, the key. All mistakes are the caller's, so UsageError. */

import { readFileSync } from "node:fs";
import { UsageError } from "../input/errors.ts";
import type { AgentConfig, ClusterConfig, Config } from "../control/config.ts";
import { loadConfig } from "../control/load_config.ts";
import { filteredClusters } from "./ownership.ts";

const LEAST_KEY_OCTETS = 16;

export interface AgentArguments {
  /** The configuration file. */
  readonly file: string;
  readonly backend: string;
  /** Needed where the backend is in several clusters of technique broadcast. */
  readonly cluster: string | undefined;
}

/** The configuration, the cluster of it that the agent is for, and the agent's settings. */
export function agentOf(
  file: string,
  backend: string,
  wanted: string | undefined,
): { config: Config; cluster: ClusterConfig; settings: AgentConfig } {
  const config = loadConfig(file);
  const clusters = filteredClusters(config, backend).filter(({ name }) => name === (wanted ?? name));
  const [cluster] = clusters;
  if (cluster === undefined) {
    throw new UsageError(`Backend "${backend}" is in no cluster "${wanted}" of technique broadcast`);
  }
  if (clusters.length > 1) {
    const names = clusters.map(({ name }) => name).join(", ");
    throw new UsageError(
      `Backend "${backend}" is in several clusters: ${names}; name one with --cluster, an agent for each`,
    );
  }
  if (cluster.agent === undefined) {
    throw new UsageError(
      `Cluster "${cluster.name}" has no agent; add "agent: {keyFile: cluster.key}" to it in "${file}"`,
    );
  }
  return { config, cluster, settings: cluster.agent };
}

export function readKey(file: string): Uint8Array {
  const remedy = `make one with "head -c 32 /dev/urandom | base64" and give the same to all backends`;
  let text: string;
  try {
    text = readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new UsageError(
      `Cannot read the key "${file}" (${(error as NodeJS.ErrnoException).code}); ${remedy}`,
    );
  }
  if (text.length >= LEAST_KEY_OCTETS) return new TextEncoder().encode(text);
  throw new UsageError(
    `The key "${file}" has ${text.length} characters, ${LEAST_KEY_OCTETS} or more are needed; ${remedy}`,
  );
}
