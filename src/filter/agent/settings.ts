/** What an agent is told: its cluster, its backend, the key. Every mistake is the caller's, so all errors are UsageErrors. */

import { readFileSync, statSync } from "node:fs";
import { UsageError } from "../../input/errors.ts";
import type { AgentConfig, ClusterConfig, Config } from "../../config/config.ts";
import { loadConfig } from "../../config/load.ts";
import { filteredClusters } from "../rules/ownership.ts";

const LEAST_KEY_OCTETS = 16;

/** Of random text of that length hardly any has fewer different characters. */
const LEAST_DIFFERENT = 8;

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

/** The key in a file, without the white space around it. Throws UsageError when it cannot be read or is easily guessed. */
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
  if (text.length < LEAST_KEY_OCTETS) {
    throw new UsageError(
      `The key "${file}" has ${text.length} characters, ${LEAST_KEY_OCTETS} or more are needed; ${remedy}`,
    );
  }
  const different = new Set(text).size;
  if (different < LEAST_DIFFERENT) {
    throw new UsageError(
      `The key "${file}" has ${different} different characters, ${LEAST_DIFFERENT} or more are needed; ${remedy}`,
    );
  }
  return new TextEncoder().encode(text);
}

/** The mode of a file, such as `644`, when others than its owner may read or write it; undefined for a secret. */
export function looseModeOf(file: string): string | undefined {
  const mode = statSync(file).mode & 0o777;
  return (mode & 0o077) === 0 ? undefined : mode.toString(8);
}
