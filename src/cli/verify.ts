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
      const report = (file === undefined ? undefined : await runningDispatchers(config)) ??
        await verifyAlone(config);
      console.log(json ? JSON.stringify(reportData(report), null, 2) : describeVerification(report));
      if (!report.ok) process.exitCode = 1;
    });
}

/** What the dispatcher of this configuration finds; undefined when it does not run. */
async function runningDispatchers({ dispatcher }: Config): Promise<VerificationReport | undefined> {
  const { ask, controlPath, isAnswered } = await import("../api/socket.ts");
  const path = controlPath();
  const isIt = await isAnswered(path) && await ask(path, "interface", {}) === dispatcher.interface;
  return isIt ? await ask(path, "verify", {}) : undefined;
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
