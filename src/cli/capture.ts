/** `oneip capture`: frames of the running dispatcher, with what became of them. */

import { Command } from "@commander-js/extra-typings";
import type { Output } from "../api/contract.ts";

const STANDARD_OUTPUT = "-";

export function captureCommand() {
  return new Command("capture")
    .description("write the last 1,000 frames that the running dispatcher has dropped, as pcapng")
    .requiredOption(
      "--dropped",
      "frames that were dropped; they are always kept, so nothing need have been started before",
    )
    .option("-w, --write <file>", "where to write; - for standard output", STANDARD_OUTPUT)
    .addHelpText(
      "after",
      "\nOf each frame the first 160 octets are there, and a comment with verdict, client, bucket and backend." +
        "\n\nExamples:\n  oneip capture --dropped -w dropped.pcapng\n  oneip capture --dropped | tshark -r -",
    )
    .action(async ({ write }) => {
      const { ask, controlPath } = await import("../api/client.ts");
      const { captureFrame, captureHeader } = await import("../capture/writer.ts");
      const { writeCapture } = await import("../capture/write_file.ts");
      const name = await ask(controlPath(), "interface", {});
      const dropped = await ask(controlPath(), "dropped", {});
      const octets = Buffer.concat([
        captureHeader(name),
        ...dropped.map((frame) =>
          captureFrame({
            octets: Buffer.from(frame.octets, "base64"),
            lengthOnWire: frame.length,
            nanoseconds: BigInt(Math.round(frame.sinceEpochMs)) * 1_000_000n,
            direction: "in",
            comment: commentOf(frame),
          })
        ),
      ]);
      if (write === STANDARD_OUTPUT) process.stdout.write(octets);
      else {
        writeCapture(write, octets);
        console.log(`${dropped.length} dropped frames are in ${write}`);
      }
    });
}

function commentOf({ verdict, cluster, client, bucket, backend }: Output<"dropped">[number]): string {
  if (cluster === null) return verdict;
  return `${verdict}, cluster ${cluster}, client ${client}, bucket ${bucket}, backend ${backend ?? "none"}`;
}
