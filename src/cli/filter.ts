/** `oneip filter`: the rules of a backend's filter, in the kernel or printed, and its agent. */

import { Command } from "@commander-js/extra-typings";

const BACKEND = "the backend whose filter it is, by its name in the configuration";
const LIVE = "comma-separated backends that are live (default: all)";

export function filterCommand() {
  return new Command("filter")
    .description("technique broadcast: a backend's own filter")
    .addHelpText("after", "\nExample:\n  oneip filter agent -c /etc/oneip/oneip.yaml --backend web1")
    .enablePositionalOptions()
    .addCommand(rules())
    .addCommand(apply())
    .addCommand(update())
    .addCommand(remove())
    .addCommand(agent());
}

function rules() {
  return new Command("rules")
    .description("print the nftables rules of a backend's filter, for `nft -f`, here or over ssh")
    .requiredOption("-c, --config <file>", "configuration file")
    .requiredOption("--backend <name>", BACKEND)
    .option("--live <names>", LIVE)
    .option("--json", "print JSON: an array of {cluster, table, backend, live, buckets, intervals, rules}")
    .addHelpText(
      "after",
      "\nExamples:\n  oneip filter rules -c oneip.yaml --backend web1" +
        "\n  oneip filter rules -c oneip.yaml --backend web1 --live web1,web2 | ssh web1 nft -f -",
    )
    .action(async ({ config, backend, live, json }) => {
      const filters = await filtersOf(config, backend, live);
      if (json) return console.log(JSON.stringify(filters.map(({ commands: _, ...rest }) => rest), null, 2));
      console.log(filters.map(({ rules }) => rules).join("\n").trimEnd());
    });
}

function apply() {
  return new Command("apply")
    .description("on a backend: give its filter to the kernel, in place of the one before")
    .requiredOption("-c, --config <file>", "configuration file")
    .requiredOption("--backend <name>", BACKEND)
    .option("--live <names>", LIVE)
    .option("--json", "print JSON: an array of {cluster, table, backend, live, buckets}")
    .addHelpText("after", "\nExample:\n  oneip filter apply -c oneip.yaml --backend web1")
    .action(async ({ config, backend, live, json }) => {
      const { applyCommands } = await import("../filter/rules/nft.ts");
      const filters = await filtersOf(config, backend, live);
      await refuseBesideAgent();
      await applyCommands(filters.map(({ rules }) => rules).join(""));
      report(filters, "applied", json);
    });
}

function update() {
  return new Command("update")
    .description("change only which buckets are a backend's own, when the live set has changed")
    .requiredOption("-c, --config <file>", "configuration file")
    .requiredOption("--backend <name>", BACKEND)
    .requiredOption("--live <names>", "comma-separated backends that are live now")
    .option("--was <names>", "the live set before: keep only what is the backend's own in both, take nothing")
    .option("--print", "print the commands for `nft -f` instead of giving them to the kernel")
    .option("--json", "print JSON: an array of {cluster, table, backend, live, buckets}")
    .addHelpText(
      "after",
      "\nLosers let go before winners take: first with --was on every backend, then without it on every backend." +
        "\n\nExamples:\n  oneip filter update -c oneip.yaml --backend web1 --live web1,web2 --was web1,web2,web3" +
        "\n  oneip filter update -c oneip.yaml --backend web1 --live web1,web2 --print | ssh web1 nft -f -",
    )
    .action(async ({ config, backend, live, was, print, json }) => {
      const { applyCommands, filterTables } = await import("../filter/rules/nft.ts");
      const filters = await filtersOf(config, backend, live, was);
      const commands = filters.map(({ commands }) => commands).join("");
      if (print) return console.log(commands.trimEnd());
      await refuseBesideAgent();
      const existing = await filterTables();
      const missing = filters.find(({ table }) => !existing.includes(table));
      if (missing !== undefined) {
        throw new Error(
          `There is no filter for cluster ${missing.cluster} here to update; run "oneip filter apply" first`,
        );
      }
      await applyCommands(commands);
      report(filters, "updated", json);
    });
}

function remove() {
  return new Command("remove")
    .description("on a backend: remove every filter; none there is no fault")
    .option("--json", "print JSON: an array of the tables that were removed")
    .addHelpText("after", "\nExample:\n  oneip filter remove")
    .action(async ({ json }) => {
      const { filterTables, removeTables } = await import("../filter/rules/nft.ts");
      await refuseBesideAgent();
      const tables = await filterTables();
      if (tables.length > 0) await removeTables(tables);
      if (json) return console.log(JSON.stringify(tables, null, 2));
      console.log(
        tables.length === 0 ? "There was no filter" : tables.map((table) => `Removed ${table}`).join("\n"),
      );
    });
}

function agent() {
  return new Command("agent")
    .description("on a backend: hold the filter, and share the buckets with the agents of the other backends")
    .requiredOption("-c, --config <file>", "configuration file, the same on all backends")
    .requiredOption("--backend <name>", BACKEND)
    .option("--cluster <name>", "which cluster, when the backend is in several that have a filter")
    .addHelpText("after", "\nExample:\n  oneip filter agent -c /etc/oneip/oneip.yaml --backend web1")
    .action(async ({ config: file, backend, cluster }) => {
      const { runAgent } = await import("../filter/agent/service.ts");
      await runAgent({ file, backend, cluster });
    });
}

async function refuseBesideAgent(): Promise<void> {
  const { tablesOfAgents } = await import("../filter/rules/nft.ts");
  const [table] = await tablesOfAgents();
  if (table === undefined) return;
  throw new Error(`A running agent holds ${table} and would put its own rules back; stop the agent first`);
}

/** What a backend gets of each cluster that has a filter; with `was` only what it had before, too. */
async function filtersOf(file: string, backend: string, live?: string, was?: string) {
  const { loadConfig } = await import("../config/load.ts");
  const { filteredClusters, ownedBuckets } = await import("../filter/rules/ownership.ts");
  const { filterTable, ownershipCommands, tableOf } = await import("../filter/rules/rules.ts");
  const [liveNames, wasNames] = [namesOf(live), namesOf(was)];
  return filteredClusters(loadConfig(file), backend, liveNames, wasNames).map((cluster) => {
    const owned = (names: readonly string[] | undefined) =>
      ownedBuckets(cluster, backend, (name) => names === undefined || names.includes(name));
    const own = wasNames === undefined ? owned(liveNames) : owned(liveNames).and(owned(wasNames));
    const members = cluster.backends.map(({ name }) => name);
    return {
      cluster: cluster.name,
      table: tableOf(cluster.name),
      backend,
      live: members.filter((name) => liveNames === undefined || liveNames.includes(name)),
      buckets: own.size,
      intervals: own.intervals(),
      rules: filterTable(cluster, backend, own),
      commands: ownershipCommands(cluster.name, own),
    };
  });
}

/** Undefined: all. Empty text: none. */
function namesOf(list: string | undefined): string[] | undefined {
  return list?.split(",").map((name) => name.trim()).filter((name) => name !== "");
}

function report(filters: Awaited<ReturnType<typeof filtersOf>>, done: string, json: true | undefined): void {
  const data = filters.map(({ cluster, table, backend, live, buckets }) => (
    { cluster, table, backend, live, buckets }
  ));
  if (json) return console.log(JSON.stringify(data, null, 2));
  for (const { cluster, table, backend, buckets } of data) {
    console.log(`${table}: ${done}, backend ${backend} takes ${buckets} buckets of cluster ${cluster}`);
  }
}
