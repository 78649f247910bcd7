/**
 * A capture that is going on, as pcapng: the header at once, then frames as they come. It takes from the capture only what its reader has
 * room for, so a slow one makes captures lost and costs nothing. How many were lost stands in statistics among the frames; at the
 * end, too, with the reason when it is not the reader who ended it.
 */

import { commentOf } from "../capture/comment.ts";
import { captureFrame, captureHeader, captureStatistics } from "../capture/writer.ts";
import type { LiveCapture, LiveFrame } from "../engine/live_capture.ts";
import type { Clock, Timer } from "../system/clock.ts";

/** Between two looks for frames: soon after there were some, for a ring is full in a few milliseconds; and soon enough for who watches. */
const LEAST_PAUSE_MS = 1;
const MOST_PAUSE_MS = 20;
/** Taken at once, between which the thread does whatever else is due. */
const MOST_FRAMES = 500;
const MOST_OCTETS = 2 ** 18;
/** Statistics after so long without a frame, so that whoever is in between keeps the connection, and a dead one is noticed. */
const QUIET_MS = 15_000;

export interface StreamLimits {
  /** After so many frames, or seconds, it ends. */
  readonly count?: number | undefined;
  readonly seconds?: number | undefined;
}

export function captureStream(
  capture: LiveCapture,
  { count = Infinity, seconds }: StreamLimits,
  clock: Clock,
): ReadableStream<Uint8Array> {
  const closed = Promise.withResolvers<void>();
  const timers = new Set<Timer>();
  let left = count;
  let said = 0;
  let quietSinceMs = clock.now();
  let pauseMs = LEAST_PAUSE_MS;

  const after = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = clock.after(ms, () => {
        timers.delete(timer);
        resolve();
      });
      timers.add(timer);
    });
  const statistics = () => {
    said = capture.lost;
    quietSinceMs = clock.now();
    const nanoseconds = BigInt(Math.round(clock.sinceEpoch())) * 1_000_000n;
    return captureStatistics({ nanoseconds, lost: said, comment: capture.whyEnded });
  };
  const stop = () => {
    capture.stop();
    closed.resolve();
    for (const timer of timers) timer.cancel();
  };
  if (seconds !== undefined) void after(seconds * 1000).then(() => capture.stop());

  return new ReadableStream({
    start: (controller) => controller.enqueue(captureHeader(capture.interfaceName)),
    async pull(controller) {
      for (;;) {
        const isOver = capture.isOver;
        const frames = left > 0 ? capture.read(Math.min(left, MOST_FRAMES), MOST_OCTETS) : [];
        if (frames.length > 0) {
          left -= frames.length;
          quietSinceMs = clock.now();
          pauseMs = LEAST_PAUSE_MS;
          const octets = frames.map(octetsOf);
          return controller.enqueue(
            Buffer.concat(capture.lost === said ? octets : [...octets, statistics()]),
          );
        }
        if (isOver || left === 0) {
          controller.enqueue(statistics());
          controller.close();
          return stop();
        }
        if (clock.now() - quietSinceMs >= QUIET_MS) return controller.enqueue(statistics());
        await Promise.race([after(pauseMs), capture.ended, closed.promise]);
        pauseMs = Math.min(2 * pauseMs, MOST_PAUSE_MS);
      }
    },
    cancel: stop,
  }, { highWaterMark: 1 });
}

function octetsOf(frame: LiveFrame): Uint8Array {
  const { octets, length, nanoseconds, direction } = frame;
  return captureFrame({ octets, lengthOnWire: length, nanoseconds, direction, comment: commentOf(frame) });
}
