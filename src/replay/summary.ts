/** Counts of what became of all frames of a capture. Here nothing is said of a single frame, so it is as fast as the path. */

import type { CaptureReader } from "../capture/reader.ts";
import * as verdict from "../path/verdict.ts";
import type { Replay } from "./replay.ts";

export interface ReplaySummary {
  readonly frames: number;
  /** By name, only those that came. */
  readonly verdicts: Readonly<Record<string, number>>;
  /** Frames dispatched by backend, by name. */
  readonly backends: Readonly<Record<string, number>>;
  /** Frames to another machine's MAC, and frames of which the capture has only the first octets. */
  readonly toOthers: number;
  readonly cut: number;
}

export class Tally {
  readonly #verdicts = new Float64Array(verdict.NAMES.length);
  readonly #dispatched = new Map<number, number>();
  #frames = 0;

  add(became: number, neighbor: number): void {
    this.#frames++;
    this.#verdicts[became]!++;
    if (became === verdict.DISPATCHED) {
      this.#dispatched.set(neighbor, (this.#dispatched.get(neighbor) ?? 0) + 1);
    }
  }

  summary(replay: Replay): ReplaySummary {
    const verdicts = verdict.NAMES.map((name, index) => [name, this.#verdicts[index]!] as const);
    const backends = [...this.#dispatched].map(([neighbor, count]) =>
      [replay.nameOf(neighbor), count] as const
    );
    return {
      frames: this.#frames,
      verdicts: Object.fromEntries(verdicts.filter(([, count]) => count > 0)),
      backends: Object.fromEntries(backends.sort(([one], [other]) => one < other ? -1 : 1)),
      toOthers: replay.toOthers,
      cut: replay.cut,
    };
  }
}

/** Takes all frames that are left through the path. Throws CaptureError where the capture cannot be read on; what was before is counted. */
export function replayAll(replay: Replay, reader: CaptureReader, tally: Tally): void {
  while (reader.next()) {
    replay.take(reader);
    tally.add(replay.receive(), replay.neighbor);
  }
}
