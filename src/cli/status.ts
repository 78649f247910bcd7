import { Command } from "@commander-js/extra-typings";

/** Between the two readings of which rates are the difference. */
const MEASURED_MS = 1000;

export function statusCommand() {
  return new Command("status")
    .description(
      "print what the running dispatcher does: the fast path; the state of each backend with since and why, its share, rate and probe " +
        "time; drops",
    )
    .option("--rate", "measure frames and bits for a second, which is the default on a terminal")
    .option("--no-rate", "print at once, without rates")
    .option(
      "--json",
      "print JSON: {interface, runtime, startedAt, fastPath: {interface, why}, etcd: {name, endpoint, alone, why, since, revision, refused, dispatchers: [{name, revision}]}, epoch, fleet: {bird}, clusters: [{name, technique, buckets, live, minimum, healthIgnored, routes, " +
        "backends: [{cluster, name, address, state, why, since, live, weight, backup, portion, buckets, probeMs, " +
        "neighbor, health, administration}]}], counters}; the last three of a backend, and routes, are {state, why, since}; fleet, null " +
        "without one, has the bird of GET /v1/fleet; counters is " +
        "what GET /v1/counters gives; with --rate also rates: [{address, framesPerSecond, bitsPerSecond}]",
    )
    .addHelpText(
      "after",
      "\nA backend is live when people want it (administration), it answers for its address (neighbor) and its probes succeed\n" +
        "(health). With more than 40 backends only those are listed that are not up. Frames and bits are those that were\n" +
        "dispatched to the machine: one that is in two clusters has the same rate in both. The share of the fast path is of all\n" +
        "frames since the start (docs/fast-path.md).\n\n" +
        "Examples:\n  oneip status\n  watch oneip status --no-rate",
    )
    .action(async ({ rate, json }) => {
      const { controlPath, converse } = await import("../api/client.ts");
      const { ratesBetween } = await import("../api/rates.ts");
      const { REAL_CLOCK } = await import("../system/clock.ts");
      const { describeStatus } = await import("./print_status.ts");
      const isMeasured = rate ?? (!json && process.stdout.isTTY);
      const dispatcher = await converse(controlPath());
      try {
        const before = isMeasured ? await dispatcher.ask("counters", {}) : undefined;
        if (isMeasured) await new Promise<void>((resolve) => REAL_CLOCK.after(MEASURED_MS, resolve));
        const counters = await dispatcher.ask("counters", {});
        const status = await dispatcher.ask("status", {});
        const rates = before === undefined ? undefined : ratesBetween(before, counters);
        console.log(
          json
            ? JSON.stringify({ ...status, counters, ...(rates === undefined ? {} : { rates }) }, null, 2)
            : describeStatus({ status, counters, rates }, REAL_CLOCK.sinceEpoch()),
        );
      } finally {
        dispatcher.end();
      }
    });
}
