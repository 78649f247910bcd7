import { Command } from "@commander-js/extra-typings";
import type { Config } from "../config/config.ts";
import type { VerificationReport } from "../verify/report.ts";
import { UsageError } from "../input/errors.ts";

interface ByHand {
  readonly cluster?: string[] | undefined;
  readonly backend?: string[] | undefined;
  readonly address?: string[] | undefined;
  readonly port?: string[] | undefined;
  readonly interface?: string | undefined;
  readonly bridge?: string | undefined;
}

/** Places of a file that one sentence names. */
const MOST_NAMED = 3;

export function verifyCommand() {
  return new Command("verify")
    .description("find out, over the network, whether the backends are set up right")
    .option("-c, --config <file>", "configuration file; if its dispatcher runs, that one verifies")
    .option("--cluster <address...>", "by hand, without a file: the cluster addresses")
    .option("--backend <name=address...>", "by hand: the backends and their primary addresses")
    .option("--address <cidr...>", "by hand: free addresses on the link to ask from, such as 10.0.0.2/24")
    .option("--port <port...>", "by hand: service ports such as 80/tcp")
    .option("--bridge <name>", "by hand: bridge with the interface that leads to the backends")
    .option("--interface <name>", "by hand: TAP to create, or to adopt if it exists")
    .option(
      "--json",
      "print JSON: {ok, backends: [{name, address, mac, ok}], faults: [{id, or, backend, mac, clusters, found, why, mend, decide}], untried}; clusters: those that suffer, empty for all; untried: clusters of which no port was tried",
    )
    .addHelpText(
      "after",
      "\nNo machine's tables are touched, and no traffic is attracted. Exit status 1 when there is a fault." +
        "\n\nExamples:\n  oneip verify -c oneip.yaml" +
        "\n  oneip verify --cluster 10.0.0.100 --backend web1=10.0.0.11 web2=10.0.0.12 --address 10.0.0.2/24 --bridge br0",
    )
    .action(async ({ config: file, json, ...byHand }) => {
      const { configOf, loadConfig } = await import("../config/load.ts");
      const { describeVerification } = await import("./print_verification.ts");
      const { reportData } = await import("../verify/report.ts");
      const given = Object.values(byHand).some((value) => value !== undefined);
      if (file !== undefined && given) {
        throw new UsageError(
          "A configuration says it all: give either -c, or --cluster, --backend and --address",
        );
      }
      const { verifyAlone } = await import("../verify/verify_alone.ts");
      const config = file === undefined ? configOf(valuesOf(byHand)) : loadConfig(file);
      const report = (file === undefined ? undefined : await runningDispatchers(file, config)) ??
        await verifyAlone(config);
      console.log(json ? JSON.stringify(reportData(report), null, 2) : describeVerification(report));
      if (!report.ok) process.exitCode = 1;
    });
}

/**
 * What the dispatcher of this configuration finds; undefined when none runs on its interface. Throws when the one that runs there has
 * another configuration: what it finds says nothing of this file.
 */
async function runningDispatchers(file: string, config: Config): Promise<VerificationReport | undefined> {
  const { differencesOf } = await import("../config/difference.ts");
  const { ask, controlPath, isAnswered } = await import("../api/client.ts");
  const path = controlPath();
  const isIt = await isAnswered(path) &&
    await ask(path, "interface", {}) === config.dispatcher.interface;
  if (!isIt) return undefined;
  const differences = differencesOf(config, await ask(path, "configuration", {}));
  if (differences.length === 0) return await ask(path, "verify", {});
  const more = differences.length > MOST_NAMED ? ` and ${differences.length - MOST_NAMED} more` : "";
  throw new Error(
    `The dispatcher that runs on ${config.dispatcher.interface} has another configuration than "${file}": it differs in ` +
      `${
        differences.slice(0, MOST_NAMED).join(", ")
      }${more}. Start it with this file, or verify with the one that it runs with`,
  );
}

/** The options as a configuration file would have them. */
function valuesOf({ cluster, backend, address, port, interface: name, bridge }: ByHand): object {
  if (cluster === undefined || backend === undefined || address === undefined) {
    throw new UsageError(
      "What is to be verified? Name a configuration with -c, or give --cluster, --backend and --address",
    );
  }
  const backends = backend.map((text) => {
    const [, name, address] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (name === undefined) {
      throw new UsageError(`"${text}" is no backend; use NAME=ADDRESS such as web1=10.0.0.11`);
    }
    return { name, address };
  });
  return {
    dispatcher: { interface: name, bridge, addresses: address },
    clusters: [{ name: "cluster", addresses: cluster, ports: port, backends }],
  };
}
