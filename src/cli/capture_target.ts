/** Where `oneip capture` and `oneip lab capture` write frames to, besides files. */

import { framesIn } from "../capture/whole_blocks.ts";
import { describeErrno, EPIPE } from "../device/errno.ts";
import { Output, STDOUT } from "../device/output.ts";
import { REAL_CLOCK } from "../system/clock.ts";

/** Until the next try, when whoever reads standard output stands still. */
const AGAIN_MS = 5;

/** Where frames go. */
export interface Target {
  /** Those that are there. */
  readonly frames: number;
  /** Writes whole blocks. Throws Error when they cannot be written. */
  write(blocks: Uint8Array): void | Promise<void>;
  close(): void;
}

/** Who reads standard output has ended. */
export class NobodyReadsError extends Error {
  override name = "NobodyReadsError";
}

export class StandardOutput implements Target {
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
