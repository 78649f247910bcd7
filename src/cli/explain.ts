import { Command } from "@commander-js/extra-typings";
import { UsageError } from "../input/errors.ts";

export function explainCommand() {
  return new Command("explain")
    .description("say which backend serves a client, and why")
    .argument("<addresses...>", "client addresses")
    .option("-c, --config <file>", "configuration file")
    .option("--live", "ask the running dispatcher: who serves the client now, and why")
    .option("--down <names>", "as if these backends were down: names with commas between them")
    .option(
      "--json",
      "print JSON: an array of {client, cluster, hash, bucket, backend}; with --live also {keeps, why}; keeps: the backend that keeps older connections",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  oneip explain 198.51.100.7 -c oneip.yaml" +
        "\n  oneip explain 198.51.100.7 -c oneip.yaml --down web3,web4" +
        "\n  oneip explain --live 198.51.100.7",
    )
    .action(async (addresses, { config, down, live, json }) => {
      if (live) return await explainLive(addresses, { config, down, json });
      if (config === undefined) {
        throw new UsageError("By what? Give the configuration file with -c, or --live");
      }
      const { loadConfig } = await import("../config/load.ts");
      const { explain } = await import("../cluster/explain.ts");
      const { formatTable } = await import("./table.ts");
      const rows = explain(
        loadConfig(config),
        addresses,
        (down ?? "").split(",").filter((name) => name !== ""),
      );
      if (json) return console.log(JSON.stringify(rows, null, 2));
      console.log(formatTable(
        ["client", "cluster", "hash", "bucket", "backend"],
        rows.map((
          { client, cluster, hash, bucket, backend },
        ) => [client, cluster, hash, bucket, backend ?? "none"]),
      ));
    });
}

interface LiveOptions {
  readonly config: string | undefined;
  readonly down: string | undefined;
  readonly json: true | undefined;
}

async function explainLive(addresses: readonly string[], { config, down, json }: LiveOptions): Promise<void> {
  if (config !== undefined || down !== undefined) {
    throw new UsageError(
      "The running dispatcher knows its configuration and who is down: leave out -c and --down",
    );
  }
  const { controlPath, converse } = await import("../api/client.ts");
  const { describeExplanations } = await import("./print_explanations.ts");
  const conversation = await converse(controlPath());
  try {
    const rows = [];
    for (const address of addresses) rows.push(...await conversation.ask("explain", { address }));
    if (json) return console.log(JSON.stringify(rows, null, 2));
    console.log(describeExplanations(rows));
  } finally {
    conversation.end();
  }
}
