/** A cluster's configuration as a file gives it, so that a test says only what it is about. */

import { type ClusterConfig, parseConfig } from "../../src/config/config.ts";

/** `keys` as in a file; `backends` are their names. */
export function clusterOf(keys: object, backends: readonly string[]): ClusterConfig {
  const cluster = {
    name: "web",
    addresses: ["10.0.0.100"],
    ...keys,
    backends: backends.map((name, index) => ({ name, address: `10.0.1.${index + 1}` })),
  };
  const file = JSON.stringify({ dispatcher: { addresses: ["10.0.0.2/16"] }, clusters: [cluster] });
  return parseConfig(file, "oneip.json", "machine").clusters[0]!;
}
