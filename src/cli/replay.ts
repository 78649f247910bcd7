/** `oneip replay`: what would become of the frames of a capture? */

import { Command } from "@commander-js/extra-typings";

interface Options {
  readonly config: string;
  readonly down?: string[];
  readonly anyMac?: true;
  readonly summary?: true;
  readonly json?: true;
}

export function replayCommand() {
  return new Command("replay")
    .description("take the frames of a capture through the dispatcher's path, without device or root")
    .argument("<file>", "capture of an Ethernet, pcapng or pcap; - for standard input")
    .requiredOption("-c, --config <file>", "configuration file")
    .option("--down <name>", "as if this backend were down (repeatable)", gathered)
    .option("--any-mac", "frames to another machine's MAC count as addressed to the dispatcher")
    .option("--summary", "only counts, by verdict and by backend")
    .option(
      "--json",
      "print JSON, an object a line: {number, time, verdict, cluster, client, bucket, backend, sent: {to, mac, ttl, source, " +
        "destination, length}}; with --summary one object: {frames, verdicts, backends, toOthers, cut}",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  oneip replay requests.pcapng -c oneip.yaml\n" +
        "  oneip replay requests.pcapng -c oneip.yaml --any-mac --down web3 --summary\n" +
        "  tcpdump -i eth1 -U -w - | oneip replay - -c oneip.yaml",
    )
    .action(replay);
}

function gathered(name: string, before: string[] = []): string[] {
  return [...before, name];
}

async function replay(file: string, { config: configFile, down = [], anyMac, summary, json }: Options) {
  const { openCapture } = await import("../capture/open.ts");
  const { loadConfig } = await import("../config/load.ts");
  const { describeFrame, describeSummary, HEADINGS } = await import("../replay/describe.ts");
  const { Replay } = await import("../replay/replay.ts");
  const { replayAll, Tally } = await import("../replay/summary.ts");
  const replay = new Replay(loadConfig(configFile), { down, anyMac: anyMac === true });
  const lines = new Lines();
  using capture = openCapture(file, () => lines.end());
  const tally = new Tally();
  try {
    if (summary) replayAll(replay, capture.reader, tally);
    else {
      const { replayFrame } = await import("../replay/replayed_frame.ts");
      try {
        if (!json) lines.add(HEADINGS);
        for (let number = 1; capture.reader.next(); number++) {
          const frame = replayFrame(replay, capture.reader, number);
          lines.add(json ? JSON.stringify(frame) : describeFrame(frame));
        }
      } finally {
        lines.end();
      }
    }
  } finally {
    // What came before a damaged place counts.
    const counts = tally.summary(replay);
    if (summary) console.log(json ? JSON.stringify(counts) : describeSummary(counts, anyMac === true));
  }
}

/** Printed many at a time, which is faster; but all that are there before more is waited for. */
class Lines {
  #waiting: string[] = [];

  add(line: string): void {
    if (this.#waiting.push(line) === 256) this.end();
  }

  end(): void {
    if (this.#waiting.length > 0) console.log(this.#waiting.join("\n"));
    this.#waiting = [];
  }
}
