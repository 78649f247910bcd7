/**
 * Tells the link where our addresses are, so that switches and routers that knew them elsewhere, or forget them in silence,
 * send here: some times at the start, then now and again.
 */

import type { Config } from "./config.ts";
import type { LinkFrames } from "./link_frames.ts";

export class Announcer {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #left: number;

  /** `addresses` are announced by frames given to `send`. */
  constructor(
    frames: LinkFrames,
    addresses: readonly string[],
    times: Config["dispatcher"]["announce"],
    send: (frame: Uint8Array<ArrayBuffer>) => void,
  ) {
    this.#left = times.count;
    const announce = () => {
      const isFirst = this.#left > 0;
      if (isFirst) this.#left--;
      for (const address of addresses) send(frames.announcement(address));
      const nextMs = this.#left > 0 ? times.intervalMs : times.refreshMs;
      if (nextMs > 0) this.#timer = setTimeout(announce, nextMs);
    };
    if (times.count > 0) announce();
    else if (times.refreshMs > 0) this.#timer = setTimeout(announce, times.refreshMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
