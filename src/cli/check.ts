/** `oneip check`: is a configuration right, and what would run? */

import { Command } from "@commander-js/extra-typings";

export function checkCommand() {
  return new Command("check")
    .description(
      "validate a configuration, print what would run, with every default, and warn of what is unwise",
    )
    .requiredOption("-c, --config <file>", "configuration file")
    .option(
      "--json",
      "print JSON: {dispatcher: {interface, ...}, clusters: [{name, ..., backends: [{name, address, weight, backup, mtu, buckets}]}], " +
        "fleet: {bird: {socket, drainMs}, etcd: {endpoints, prefix, name, user, passwordFile, ca, certificate, key}}, api: {listen, tokenFile, tls}, " +
        "warnings: [{id, file, line, column, key, found, why, decide}]}; " +
        "the keys are those of docs/configuration.md, but gateways is a list, durations are milliseconds (intervalMs, " +
        "refreshMs), and null is what was left out",
    )
    .option(
      "--against <old>",
      "print what changes from this configuration file to the other one, and how many clients move. JSON: {changes: [{cluster, " +
        "backend, key, old, new}], moving: [{cluster, share}]}",
    )
    .addHelpText(
      "after",
      "\nThe last column says how many buckets each backend owns when all are live. What is legal but unwise is a warning\n" +
        "behind it; the exit status is 0 all the same." +
        "\n\nExamples:\n  oneip check -c oneip.yaml\n  oneip check -c new.yaml --against oneip.yaml",
    )
    .action(async ({ config: file, json, against }) => {
      if (against !== undefined) return await printChanges(against, file, json === true);
      const { ClusterMap } = await import("../cluster/cluster_map.ts");
      const { loadWithWarnings } = await import("../config/load.ts");
      const { configData, writtenConfig } = await import("../config/print.ts");
      const { describeConfig } = await import("./print_config.ts");
      const { describeWarning } = await import("./print_faults.ts");
      const { config, warnings } = loadWithWarnings(file);
      const shares = config.clusters.map((cluster) => new ClusterMap(cluster).shares());
      const { dispatcher, clusters, fleet, api } = json ? configData(config) : writtenConfig(config);
      const shared = clusters.map((cluster, index) => ({
        ...cluster,
        backends: cluster.backends.map((backend, place) => ({ ...backend, buckets: shares[index]![place]! })),
      }));
      console.log(
        json
          ? JSON.stringify({ dispatcher, clusters: shared, fleet, api, warnings }, null, 2)
          : [describeConfig(dispatcher, shared, { fleet, api }), ...warnings.map(describeWarning)].join(
            "\n\n",
          ),
      );
    });
}

async function printChanges(oldFile: string, newFile: string, json: boolean): Promise<void> {
  const { changesBetween } = await import("../cluster/config_changes.ts");
  const { loadConfig } = await import("../config/load.ts");
  const { describeChanges } = await import("./print_changes.ts");
  const changes = changesBetween(loadConfig(oldFile), loadConfig(newFile));
  console.log(json ? JSON.stringify(changes, null, 2) : describeChanges(changes));
}
