import { Command, Option } from "@commander-js/extra-typings";
import { SYSTEMS } from "../backend/routes/delete_route.ts";
import { UsageError } from "../input/errors.ts";
import { clusterOption, configOption, portOption, requireLinux, techniqueOption } from "./backend_options.ts";

export function checkBackendCommand() {
  return new Command("check")
    .description("find what is wrong with this Linux machine as a backend, and what mends it")
    .addOption(clusterOption())
    .addOption(configOption())
    .addOption(portOption())
    .addOption(techniqueOption())
    .option(
      "--fix",
      "mend what may be mended unasked, and say what is left and why; teardown does not undo it",
    )
    .option(
      "--routes <file>",
      "find the extra route in the routing table of any system; - for standard input",
    )
    .addOption(new Option("--os <system>", "which system printed --routes").choices(SYSTEMS))
    .option(
      "--json",
      "print JSON: {clusters, mended, faults: [{id, or, backend, mac, clusters, found, why, mend, decide}], notes}, faults as " +
        "in `verify`, with backend and mac null for this machine; with --routes {system, clusters, extra: [{id, cluster, " +
        "network, mend, confirmed}], notes}",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  oneip backend check --cluster 10.0.0.100 --port 80 53/udp" +
        "\n  oneip backend check -c oneip.yaml --fix" +
        "\n  netstat -nr | oneip backend check --routes - --cluster 10.0.0.100",
    )
    .action(async ({ fix = false, json, routes, os, ...options }) => {
      if (routes !== undefined) {
        const { checkRoutes } = await import("./backend_routes.ts");
        if (fix) {
          throw new UsageError("--fix mends this machine only; run what --routes prints on the other one");
        }
        return checkRoutes(routes, { ...options, os, json });
      }
      requireLinux();
      if (fix && process.getuid?.() !== 0) throw new UsageError("--fix needs root: run it with sudo");
      const { checkMachine } = await import("./backend_machine.ts");
      await checkMachine({ ...options, fix, json });
    });
}
