/** Frames of an interface of this machine, or of the node of a lab in which this runs, as pcapng. */

import { readdirSync } from "node:fs";
import { captureFrame, captureHeader, captureStatistics } from "../capture/writer.ts";
import { GrowingCapture } from "../capture/write_file.ts";
import { FrameSocket } from "../device/frame_socket.ts";
import { exists } from "../device/ifreq.ts";
import { Poll } from "../device/poll.ts";
import { UsageError } from "../input/errors.ts";
import { NobodyReadsError, StandardOutput, type Target } from "./capture_target.ts";

/** So long a signal may wait. */
const LOOK_MS = 50;
/** Frames that are written at once. */
const BURST = 256;

export interface InterfaceCapture {
  readonly interfaceName: string;
  /** Standard output, where it is undefined. */
  readonly file: string | undefined;
  readonly force: boolean;
  readonly count: number;
  /** Octets that are kept of each. */
  readonly snaplen: number;
}

/** Ends by SIGINT or SIGTERM, after so many frames, or because nobody reads them. */
export async function captureInterface(capture: InterfaceCapture): Promise<void> {
  const { interfaceName, file, force } = capture;
  if (!exists(interfaceName)) {
    throw new UsageError(
      `There is no interface "${interfaceName}"; use one of ${readdirSync("/sys/class/net").join(", ")}`,
    );
  }
  const { promise: enough, resolve } = Promise.withResolvers<undefined>();
  let isEnough = false;
  const stop = () => {
    isEnough = true;
    resolve(undefined);
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.once(signal, stop);
  const socket = new FrameSocket({ interfaceName });
  let target: Target | undefined;
  try {
    target = file === undefined ? new StandardOutput(enough) : new GrowingCapture(file, force);
    await target.write(captureHeader(interfaceName));
    console.error(`Capturing on ${interfaceName}; Ctrl-C ends it`);
    const lost = await pass(socket, target, capture, () => isEnough);
    console.error(`${target.frames} frames captured, ${lost} lost`);
  } catch (error) {
    if (!(error instanceof NobodyReadsError)) throw error;
  } finally {
    socket.close();
    target?.close();
    for (const signal of signals) process.off(signal, stop);
  }
}

/** How many were lost. */
async function pass(
  socket: FrameSocket,
  target: Target,
  { count, snaplen }: InterfaceCapture,
  isEnough: () => boolean,
): Promise<number> {
  const poll = new Poll([socket.fd]);
  let lost = 0;
  while (!isEnough() && target.frames < count) {
    const blocks: Uint8Array[] = [];
    for (let left = Math.min(BURST, count - target.frames); left > 0; left--) {
      if (!socket.next()) break;
      const { slot, at, length, lengthOnWire, nanoseconds, isOutgoing } = socket;
      const octets = slot.subarray(at, at + Math.min(length, snaplen));
      blocks.push(captureFrame({ octets, lengthOnWire, nanoseconds, direction: isOutgoing ? "out" : "in" }));
    }
    const found = socket.missed();
    lost += found;
    if (found > 0) {
      blocks.push(captureStatistics({ nanoseconds: socket.nanoseconds, lost, comment: undefined }));
    }
    if (blocks.length > 0) await target.write(Buffer.concat(blocks));
    else poll.wait(LOOK_MS);
    // Signals are heard between two looks.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return lost;
}
