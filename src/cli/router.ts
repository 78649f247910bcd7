/** `oneip router`: what the router in front of a cluster must be told. */

import { Command } from "@commander-js/extra-typings";
import type { RouterRecipe } from "../filter/router/guide.ts";
import { UsageError } from "../input/errors.ts";

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
    .option("-c, --config <file>", "configuration file: its clusters of technique or fallback broadcast")
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
      const { formatMac } = await import("../wire/address.ts");
      const { routerGuide } = await import("../filter/router/guide.ts");
      if ((config === undefined) === (cluster === undefined)) {
        throw new UsageError("Give either --config FILE or --cluster ADDRESS...");
      }
      const clusters = config === undefined
        ? [await clusterOf(cluster!, group)]
        : await clustersOfFile(config);
      const guides = clusters.map(({ name, addresses, group }) => ({
        cluster: name,
        addresses,
        group: formatMac(group.high, group.low),
        recipes: routerGuide(addresses, group),
      }));
      console.log(json ? JSON.stringify(guides, null, 2) : guides.map(formatGuide).join("\n"));
    });
}

/** Throws UsageError when none of its clusters needs an entry. */
async function clustersOfFile(file: string) {
  const { mayBroadcast } = await import("../config/config.ts");
  const { loadConfig } = await import("../config/load.ts");
  const clusters = loadConfig(file).clusters.filter(mayBroadcast);
  if (clusters.length > 0) return clusters;
  throw new UsageError(
    `No cluster of "${file}" has technique or fallback broadcast; routers need no entry for the others`,
  );
}

/** The cluster that options describe. Throws UsageError for what is no address, or no MAC of a group. */
async function clusterOf(texts: readonly string[], group: string) {
  const { parseIp, parseMac } = await import("../wire/address.ts");
  const { isGroup } = await import("../wire/ethernet.ts");
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
  return { name: null, addresses, group: mac };
}

/** Only commands stand without a mark, so that they can be copied. */
function formatGuide(
  { cluster, addresses, group, recipes }: {
    readonly cluster: string | null;
    readonly addresses: readonly string[];
    readonly group: string;
    readonly recipes: readonly RouterRecipe[];
  },
): string {
  return [
    `# ${cluster === null ? "" : `Cluster ${cluster}: `}${addresses.join(", ")} to ${group}`,
    ...recipes.flatMap(({ system, isConfirmed, commands, notes }) => [
      `\n# ${system}${isConfirmed ? "" : " (unconfirmed: from its documentation, not tried)"}`,
      ...commands,
      ...notes.map((note) => `#   ${note}`),
    ]),
  ].join("\n");
}
