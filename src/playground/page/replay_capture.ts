/** The frames of a capture through the path, as `oneip replay` takes them, but in slices. */

import { readerIn } from "../../capture/reader.ts";
import type { Config } from "../../config/config.ts";
import { UsageError } from "../../input/errors.ts";
import { NAMES } from "../../path/verdict.ts";
import { Replay, type ReplayOptions } from "../../replay/replay.ts";
import { type ReplayedFrame, replayFrame } from "../../replay/replayed_frame.ts";
import { type ReplaySummary, Tally } from "../../replay/summary.ts";
import type { Slices } from "./slices.ts";

/** It is read as a whole. */
export const MOST_CAPTURE_OCTETS = 64_000_000;

/** Of which more is said than the verdict's count. */
export const MOST_FRAMES_TOLD = 200;

/** So many frames are judged before the time is looked at. */
const AT_ONCE = 256;

export interface Replayed {
  readonly summary: ReplaySummary;
  /** The first ones. */
  readonly frames: readonly ReplayedFrame[];
  /** Why it cannot be read on; undefined at its end. */
  readonly problem: string | undefined;
}

/** Undefined when nobody wants to know any more. */
export async function replayCapture(
  octets: Uint8Array,
  name: string,
  config: Config,
  options: ReplayOptions,
  slices: Slices,
): Promise<Replayed | undefined> {
  const replay = new Replay(config, options);
  const reader = readerIn(octets, name);
  const tally = new Tally();
  const frames: ReplayedFrame[] = [];
  const told = (problem?: string): Replayed => ({ summary: tally.summary(replay), frames, problem });
  try {
    for (let number = 1; reader.next(); number++) {
      if (number <= MOST_FRAMES_TOLD) {
        const frame = replayFrame(replay, reader, number);
        frames.push(frame);
        tally.add((NAMES as readonly string[]).indexOf(frame.verdict), replay.neighbor);
      } else {
        replay.take(reader);
        tally.add(replay.receive(), replay.neighbor);
      }
      if (number % AT_ONCE === 0 && slices.isOver && !await slices.next()) return undefined;
    }
    return told();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return told(error.message);
  }
}
