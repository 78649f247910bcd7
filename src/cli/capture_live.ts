/** `oneip capture`: frames of the running dispatcher as they come, until there are enough. */

import { askForStream, controlPath, type Stream } from "../api/client.ts";
import { CAPTURE, type CaptureInput } from "../api/contract.ts";
import { framesIn, WholeBlocks } from "../capture/whole_blocks.ts";
import { GrowingCapture } from "../capture/write_file.ts";
import { describeErrno, EPIPE } from "../device/errno.ts";
import { Output, STDOUT } from "../device/output.ts";
import { REAL_CLOCK } from "../system/clock.ts";

/** Until the next try, when whoever reads standard output stands still. */
const AGAIN_MS = 5;

/** Where frames go. */
interface Target {
  /** Those that are there. */
  readonly frames: number;
  /** Writes whole blocks. Throws Error when they cannot be written. */
  write(blocks: Uint8Array): void | Promise<void>;
  close(): void;
}

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

/** Who reads standard output has ended. */
class NobodyReadsError extends Error {
  override name = "NobodyReadsError";
}

class StandardOutput implements Target {
  frames = 0;
  readonly #output = new Output(STDOUT);
  readonly #enough: Promise<undefined>;
  #isEnough = false;

  constructor(enough: Promise<undefined>) {
    this.#enough = enough;
    void enough.then(() => this.#isEnough = true);
  }

  /** As long as its reader takes, if nobody has enough meanwhile. */
  async write(blocks: Uint8Array): Promise<void> {
    for (let left = blocks; left.length > 0;) {
      const taken = this.#output.write(left);
      if (taken === describeErrno(EPIPE)) throw new NobodyReadsError();
      if (typeof taken === "string") throw new Error(`Cannot write to standard output: ${taken}`);
      left = left.subarray(taken);
      if (taken > 0) continue;
      await Promise.race([
        new Promise<void>((resolve) => void REAL_CLOCK.after(AGAIN_MS, resolve)),
        this.#enough,
      ]);
      if (this.#isEnough) return;
    }
    this.frames += framesIn(blocks);
  }

  close(): void {}
}
