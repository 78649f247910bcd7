/** `oneip router`: what the router in front of a cluster must be told. */

import { Command } from "@commander-js/extra-typings";
import type { FleetRecipe, GuideOptions } from "../fleet/guide.ts";
import type { RouterRecipe } from "../filter/router/guide.ts";
import { UsageError } from "../input/errors.ts";
import type { Mac } from "../wire/address.ts";

export function routerCommand() {
  return new Command("router")
    .description("what the router in front of a cluster must be told")
    .addHelpText("after", "\nExample:\n  oneip router guide -c oneip.yaml")
    .enablePositionalOptions()
    .addCommand(guide());
}

function guide() {
  return new Command("guide")
    .description(
      "print, for several systems, the route that sends a cluster's packets to the dispatcher, or the permanent neighbor entry " +
        "that sends them to all backends; for a fleet, what BIRD and the router are to be told",
    )
    .option("-c, --config <file>", "configuration file: all of its clusters")
    .option("--cluster <address...>", "cluster addresses, instead of a configuration")
    .option("--via <address...>", "with --cluster: the dispatcher's addresses, for the technique route")
    .option(
      "--group <mac>",
      "with --cluster: destination MAC for the technique broadcast",
      "ff:ff:ff:ff:ff:ff",
    )
    .option("--as <number>", "for a fleet: number of the dispatchers' autonomous system", "65010")
    .option("--router-as <number>", "for a fleet: that of the router", "65000")
    .option(
      "--json",
      "print JSON: an array of {cluster, technique, addresses, via, group, recipes: [{system, isConfirmed, commands, notes}]}; " +
        "via or group is null; so is the cluster of a fleet, whose recipes are for all of them",
    )
    .addHelpText(
      "after",
      "\nA cluster with fallback broadcast has both: the route, and the entry for a router that believes no ARP reply with the MAC\n" +
        "of a group. Without --via, --cluster is taken for the technique broadcast.\n\n" +
        "Where the configuration has fleet.bird, BIRD on each dispatcher's machine announces the clusters' routes by BGP, and the router\n" +
        "takes them from whoever is in the dispatchers' network and their autonomous system." +
        "\n\nExamples:\n  oneip router guide -c oneip.yaml" +
        "\n  oneip router guide --cluster 10.0.0.100 2001:db8::100 --via 10.0.0.2 2001:db8::2" +
        "\n  oneip router guide --cluster 10.0.0.100 2001:db8::100 --group 03:bf:0a:00:00:64",
    )
    .action(async ({ config, cluster, via, group, as, routerAs, json }) => {
      if ((config === undefined) === (cluster === undefined)) {
        throw new UsageError("Give either --config FILE or --cluster ADDRESS...");
      }
      const guides = config === undefined
        ? [await guideByHand(cluster!, via, group)]
        : await guidesOfFile(config, { as: numberOf(as), routerAs: numberOf(routerAs) });
      console.log(json ? JSON.stringify(guides, null, 2) : guides.map(formatGuide).join("\n\n"));
    });
}

interface RouterGuide {
  readonly cluster: string | null;
  readonly technique: "route" | "broadcast";
  readonly addresses: readonly string[];
  /** The next hops of technique `route`. */
  readonly via: readonly string[] | null;
  /** The MAC of technique `broadcast`. */
  readonly group: string | null;
  readonly recipes: readonly (RouterRecipe | FleetRecipe)[];
}

/** A guide for each technique that a cluster may have while it runs. */
async function guidesOfFile(file: string, systems: GuideOptions): Promise<RouterGuide[]> {
  const { mayBroadcast } = await import("../config/config.ts");
  const { loadConfig } = await import("../config/load.ts");
  const { fleetGuide } = await import("../fleet/guide.ts");
  const config = loadConfig(file);
  const { dispatcher, clusters, fleet } = config;
  const via = dispatcher.addresses.map(({ address }) => address);
  if (fleet !== undefined) {
    const addresses = clusters.flatMap(({ addresses }) => addresses);
    const recipes = fleetGuide(config, systems);
    return [{ cluster: null, technique: "route", addresses, via, group: null, recipes }];
  }
  const guides = clusters.flatMap((cluster) => [
    ...(cluster.technique === "route" ? [byRoute(cluster.name, cluster.addresses, via)] : []),
    ...(mayBroadcast(cluster) ? [byGroup(cluster.name, cluster.addresses, cluster.group)] : []),
  ]);
  return Promise.all(guides);
}

/** Throws UsageError for what is no address, or no MAC of a group. */
async function guideByHand(
  cluster: readonly string[],
  via: readonly string[] | undefined,
  group: string,
): Promise<RouterGuide> {
  const { parseMac } = await import("../wire/address.ts");
  const { isGroup } = await import("../wire/ethernet.ts");
  const addresses = await Promise.all(cluster.map(addressOf));
  if (via !== undefined) return byRoute(null, addresses, await Promise.all(via.map(addressOf)));
  const mac = parseMac(group);
  if (mac === undefined || !isGroup(mac.high)) {
    throw new UsageError(
      `"${group}" reaches one machine at most; give ff:ff:ff:ff:ff:ff or a multicast MAC such as 03:bf:0a:00:00:64`,
    );
  }
  return byGroup(null, addresses, mac);
}

/** RFC 6793: 32 bits. Throws UsageError. */
function numberOf(text: string): number {
  const number = Number(text);
  if (/^\d{1,10}$/.test(text) && number >= 1 && number < 2 ** 32 - 1) return number;
  throw new UsageError(`"${text}" is no number of an autonomous system; give one such as 65010`);
}

async function addressOf(text: string): Promise<string> {
  const { parseIp } = await import("../wire/address.ts");
  const address = parseIp(text);
  if (address !== undefined) return address;
  throw new UsageError(`"${text}" is no address; give one such as 10.0.0.100 or 2001:db8::100`);
}

async function byRoute(
  cluster: string | null,
  addresses: readonly string[],
  via: readonly string[],
): Promise<RouterGuide> {
  const { routeGuide } = await import("../filter/router/route_guide.ts");
  const recipes = routeGuide(addresses, via);
  return { cluster, technique: "route", addresses, via, group: null, recipes };
}

async function byGroup(cluster: string | null, addresses: readonly string[], mac: Mac): Promise<RouterGuide> {
  const { formatMac } = await import("../wire/address.ts");
  const { routerGuide } = await import("../filter/router/guide.ts");
  const [group, recipes] = [formatMac(mac.high, mac.low), routerGuide(addresses, mac)];
  return { cluster, technique: "broadcast", addresses, via: null, group, recipes };
}

/** Only commands stand without a mark, so that they can be copied. */
function formatGuide({ cluster, addresses, via, group, recipes }: RouterGuide): string {
  const whose = cluster === null ? "" : `Cluster ${cluster}: `;
  const way = via === null ? `to ${group}` : `by way of ${via.join(", ")}`;
  return [
    `# ${whose}${addresses.join(", ")} ${way}`,
    ...recipes.flatMap(({ system, isConfirmed, commands, notes }) => [
      `\n# ${system}${isConfirmed ? "" : " (unconfirmed: from its documentation, not tried)"}`,
      ...commands,
      ...notes.map((note) => `#   ${note}`),
    ]),
  ].join("\n");
}
