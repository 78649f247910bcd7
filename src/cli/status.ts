import { Command } from "@commander-js/extra-typings";

export function statusCommand() {
  return new Command("status")
    .description(
      "print the state of each backend of the running dispatcher, since when and why, and its share of the buckets",
    )
    .option(
      "--json",
      "print JSON: {clusters: [{name, technique, buckets, live, minimum, healthIgnored, backends: [{cluster, name, address, state, " +
        "why, since, live, weight, backup, portion, buckets, neighbor, health, administration}]}]}; the last three are {state, why, since}",
    )
    .addHelpText(
      "after",
      "\nA backend is live when people want it (administration), it answers for its address (neighbor) and its probes succeed\n" +
        "(health). With more than 40 backends only those are listed that are not up.\n\nExample:\n  oneip status",
    )
    .action(async ({ json }) => {
      const { ask, controlPath } = await import("../api/client.ts");
      const { REAL_CLOCK } = await import("../system/clock.ts");
      const { describeStatus } = await import("./print_status.ts");
      const status = await ask(controlPath(), "status", {});
      console.log(json ? JSON.stringify(status, null, 2) : describeStatus(status, REAL_CLOCK.sinceEpoch()));
    });
}
