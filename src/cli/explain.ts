import { Command } from "@commander-js/extra-typings";

export function explainCommand() {
  return new Command("explain")
    .description("say which backend serves a client, and why")
    .argument("<addresses...>", "client addresses")
    .requiredOption("-c, --config <file>", "configuration file")
    .option("--down <names>", "as if these backends were down: names with commas between them")
    .option("--json", "print JSON: an array of {client, cluster, hash, bucket, backend}")
    .addHelpText(
      "after",
      "\nExamples:\n  oneip explain 198.51.100.7 -c oneip.yaml" +
        "\n  oneip explain 198.51.100.7 -c oneip.yaml --down web3,web4",
    )
    .action(async (addresses, { config, down = "", json }) => {
      const { loadConfig } = await import("../config/load.ts");
      const { explain } = await import("../cluster/explain.ts");
      const { formatTable } = await import("./table.ts");
      const rows = explain(loadConfig(config), addresses, down.split(",").filter((name) => name !== ""));
      if (json) return console.log(JSON.stringify(rows, null, 2));
      console.log(formatTable(
        ["client", "cluster", "hash", "bucket", "backend"],
        rows.map((
          { client, cluster, hash, bucket, backend },
        ) => [client, cluster, hash, bucket, backend ?? "none"]),
      ));
    });
}
