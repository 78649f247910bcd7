/** `oneip capture`: frames of the running dispatcher as they come, until there are enough. */

import { askForStream, controlPath, type Stream } from "../api/client.ts";
import { CAPTURE, type CaptureInput } from "../api/contract.ts";
import { WholeBlocks } from "../capture/whole_blocks.ts";
import { GrowingCapture } from "../capture/write_file.ts";
import { NobodyReadsError, StandardOutput, type Target } from "./capture_target.ts";

/** To standard output where no file is given. It ends by itself, by a signal, or because nobody reads what it writes. */
export async function captureLive(
  input: CaptureInput,
  file: string | undefined,
  isForced: boolean,
): Promise<void> {
  const { promise: enough, resolve } = Promise.withResolvers<undefined>();
  const stop = () => resolve(undefined);
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.once(signal, stop);
  let stream: Stream | undefined;
  try {
    stream = await askForStream(controlPath(), CAPTURE, input);
    const target = file === undefined ? new StandardOutput(enough) : new GrowingCapture(file, isForced);
    if (file !== undefined) console.error("Capturing; Ctrl-C ends it");
    await pass(stream.octets, target, enough);
  } catch (error) {
    if (!(error instanceof NobodyReadsError)) throw error;
  } finally {
    for (const signal of signals) process.off(signal, stop);
    stream?.end();
  }
}

async function pass(
  octets: AsyncIterable<Uint8Array>,
  target: Target,
  enough: Promise<undefined>,
): Promise<void> {
  const blocks = new WholeBlocks();
  const parts = octets[Symbol.asyncIterator]();
  const say = () => console.error(`${target.frames} frames captured, ${blocks.lost} lost`);
  try {
    for (;;) {
      const part = await Promise.race([parts.next(), enough]);
      if (part === undefined || part.done === true) break;
      await target.write(blocks.add(part.value));
    }
  } catch (error) {
    if (!(error instanceof NobodyReadsError)) say();
    throw error;
  } finally {
    target.close();
  }
  say();
  if (blocks.comment !== undefined) throw new Error(blocks.comment);
}
