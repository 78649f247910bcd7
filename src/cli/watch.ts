import { Command, InvalidArgumentError } from "@commander-js/extra-typings";
import { parseDuration } from "../system/duration.ts";

export function watchCommand() {
  return new Command("watch")
    .description(
      "see a cluster address as its clients see it: send requests, and say who answers, how fast, and what fails",
    )
    .argument("<target>", "ADDRESS:PORT, [ADDRESS]:PORT, or a URL such as http://10.0.0.100/")
    .option("--from <address...>", "clients' addresses, which are this machine's: one after another")
    .option("--header <name>", "header by which a backend names itself", "X-Backend")
    .option("--interval <time>", "between two requests, from 1ms to 1h", time(1), 100)
    .option("--timeout <time>", "after which one has failed, from 1ms to 1h", time(1), 5000)
    .option("--count <number>", "end after so many requests", wholeNumber)
    .option("--for <time>", "end after this time, such as 30s", time(1, Infinity))
    .option("--fail", "end with status 1 when a request has failed, or could not be sent")
    .option(
      "--json",
      "print JSON: a line {at, client, backend, ms, failure} for each request, and at the end a line {target, since, forMs, sent, " +
        "answered, failed, unsent, backends: [{backend, answered}], others, ms: {p50, p90, p99, most}, pause: {ms, at}, lateMs, " +
        "clients: [{client, backend, moves}], reasons: [{reason, count, first, last}], failures}",
    )
    .addHelpText(
      "after",
      "\nEach request has a connection of its own, and none waits for another. It is GET by HTTP; status 400 or more is a failure. A\n" +
        "backend is known by its header, else by the first line that it sends: of the body, or of a banner. Ctrl-C ends it and\n" +
        "prints the summary. It needs no root." +
        "\n\nExamples:\n  oneip watch 10.0.0.100:80" +
        "\n  oneip watch http://10.0.0.100/ --for 30s --fail --from 198.51.100.7 198.51.100.8",
    )
    .action(async (target, { for: forMs, interval, timeout, ...options }) => {
      const { watchOnOutput } = await import("./print_watch.ts");
      const { json = false, fail = false, from, header, count } = options;
      const summary = await watchOnOutput(target, json, {
        header,
        intervalMs: interval,
        timeoutMs: timeout,
        ...(from === undefined ? {} : { from }),
        ...(count === undefined ? {} : { count }),
        ...(forMs === undefined ? {} : { forMs }),
      });
      if (fail && summary.failed + summary.unsent > 0) process.exitCode = 1;
    });
}

const HOUR_MS = 3_600_000;

function time(leastMs: number, mostMs = HOUR_MS) {
  return (text: string): number => {
    const ms = parseDuration(text);
    if (ms !== undefined && ms >= leastMs && ms <= mostMs) return ms;
    throw new InvalidArgumentError("Use a whole number and its unit, such as 100ms, 2s or 5m.");
  };
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Use a whole number from 1.");
}
