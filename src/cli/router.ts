import { Command } from "@commander-js/extra-typings";

export function routerCommand() {
  return new Command("router")
    .description("what the router in front of a cluster must be told")
    .enablePositionalOptions()
    .addCommand(guide());
}

function guide() {
  return new Command("guide")
    .description(
      "print the permanent neighbor entry that sends a cluster's frames to all backends, for several systems",
    )
    .option("-c, --config <file>", "configuration file: its clusters of technique broadcast")
    .option("--cluster <address...>", "cluster addresses, instead of a configuration")
    .option("--group <mac>", "destination MAC for --cluster: broadcast or multicast", "ff:ff:ff:ff:ff:ff")
    .option(
      "--json",
      "print JSON: an array of {cluster, addresses, group, recipes: [{system, isConfirmed, commands, notes}]}",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  oneip router guide -c oneip.yaml" +
        "\n  oneip router guide --cluster 10.0.0.100 2001:db8::100 --group 03:bf:0a:00:00:64",
    )
    .action(async ({ config, cluster, group, json }) => {
      const { UsageError } = await import("../input/errors.ts");
      const { formatMac, parseIp, parseMac } = await import("../wire/address.ts");
      const { isGroup } = await import("../wire/ethernet.ts");
      const { routerGuide } = await import("../filter/router_guide.ts");
      const clustersOfFile = async (file: string) => {
        const { loadConfig } = await import("../control/load_config.ts");
        const clusters = loadConfig(file).clusters.filter(({ technique }) => technique === "broadcast");
        if (clusters.length > 0) return clusters;
        throw new UsageError(
          `No cluster of "${file}" has technique broadcast; routers need no entry for the others`,
        );
      };
      const clusterOfOptions = (texts: readonly string[]) => {
        const mac = parseMac(group);
        if (mac === undefined || !isGroup(mac.high)) {
          throw new UsageError(
            `"${group}" reaches one machine at most; give ff:ff:ff:ff:ff:ff or a multicast MAC such as 03:bf:0a:00:00:64`,
          );
        }
        const addresses = texts.map((text) => {
          const address = parseIp(text);
          if (address !== undefined) return address;
          throw new UsageError(`"${text}" is no address; give one such as 10.0.0.100 or 2001:db8::100`);
        });
        return [{ name: null, addresses, group: mac }];
      };
      if ((config === undefined) === (cluster === undefined)) {
        throw new UsageError("Give either --config FILE or --cluster ADDRESS...");
      }
      const clusters = config === undefined ? clusterOfOptions(cluster!) : await clustersOfFile(config);
      const data = clusters.map(({ name, addresses, group }) => ({
        cluster: name,
        addresses,
        group: formatMac(group.high, group.low),
        recipes: routerGuide(addresses, group),
      }));
      if (json) return console.log(JSON.stringify(data, null, 2));
      for (const { cluster, addresses, group, recipes } of data) {
        console.log(`# ${cluster === null ? "" : `Cluster ${cluster}: `}${addresses.join(", ")} to ${group}`);
        for (const { system, isConfirmed, commands, notes } of recipes) {
          console.log(
            `\n# ${system}${isConfirmed ? "" : " (unconfirmed: from its documentation, not tried)"}`,
          );
          for (const command of commands) console.log(command);
          for (const note of notes) console.log(`#   ${note}`);
        }
      }
    });
}
