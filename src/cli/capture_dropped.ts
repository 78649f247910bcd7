/** `oneip capture --dropped`: the last frames that the running dispatcher has dropped. */

import { ask, controlPath } from "../api/client.ts";
import { commentOf } from "../capture/comment.ts";
import { writeCapture } from "../capture/write_file.ts";
import { captureFrame, captureHeader } from "../capture/writer.ts";

/** To standard output where no file is given. */
export async function writeDropped(file: string | undefined, isForced: boolean): Promise<void> {
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
  if (file === undefined) process.stdout.write(octets);
  else {
    writeCapture(file, octets, isForced);
    console.log(`${dropped.length} dropped frames are in ${file}`);
  }
}
