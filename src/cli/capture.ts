/** `oneip capture`: frames of the running dispatcher, with what became of them. */

import { Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";

const STANDARD_OUTPUT = "-";

export function captureCommand() {
  return new Command("capture")
    .description(
      "write frames of the running dispatcher as pcapng, as they come or the last ones that it dropped",
    )
    .option("-w, --write <file>", "where to write; - for standard output", STANDARD_OUTPUT)
    .option("--force", "write over a file that is there")
    .option("--cluster <name>", "only frames for this cluster")
    .option("--backend <backend>", "only of the clients of this backend: NAME or CLUSTER/NAME")
    .option("--client <address>", "only of this client: an address, or a prefix such as 198.51.100.0/24")
    .option("--verdict <name...>", "only frames of which this became, such as dispatched or drop_closed")
    .addOption(
      new Option("--direction <direction>", "as they are read, as they are sent, or both")
        .choices(["in", "out", "both"]).default("both"),
    )
    .option("--count <number>", "end after so many frames", wholeNumber)
    .option("--seconds <number>", "end after so many seconds", wholeNumber)
    .option("--snaplen <octets>", "keep so many octets of each frame; without it all", wholeNumber)
    .addOption(
      new Option(
        "--dropped",
        "the last 1,000 frames that were dropped, which are always kept: nothing need have been started before",
      ).conflicts(["cluster", "backend", "client", "verdict", "count", "seconds", "snaplen"]),
    )
    .addHelpText(
      "after",
      "\nEach frame has a comment: verdict, cluster, client, bucket and backend. Ctrl-C ends it. What is written slower than frames come is\n" +
        "lost and counted; no frame waits for it. Of dropped frames the first 160 octets are kept." +
        "\n\nExamples:\n  oneip capture | wireshark -k -i -\n  oneip capture --client 198.51.100.7 -w client.pcapng" +
        "\n  oneip capture --dropped | tshark -r -",
    )
    .action(async ({ write, force = false, dropped, ...wanted }) => {
      if (write === STANDARD_OUTPUT && process.stdout.isTTY) {
        const { UsageError } = await import("../input/errors.ts");
        throw new UsageError("A capture is nothing for a terminal; give -w FILE, or a program that reads it");
      }
      const file = write === STANDARD_OUTPUT ? undefined : write;
      if (dropped) {
        const { writeDropped } = await import("./capture_dropped.ts");
        return await writeDropped(file, force);
      }
      const { captureLive } = await import("./capture_live.ts");
      const { verdict: verdicts, ...others } = wanted;
      await captureLive({ ...others, ...(verdicts === undefined ? {} : { verdicts }) }, file, force);
    });
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Use a whole number from 1.");
}
