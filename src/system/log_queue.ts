/**
 * A log's lines on their way out, which nobody ever waits for. What cannot be written yet is kept, up to a limit, and tried again;
 * what does not fit is lost and counted.
 *
 *     line ──> queue ──> writer        takes some octets, takes none because its reader stands still, or fails
 *                ^          │
 *                └── again ─┘
 */

import type { Clock, Timer } from "./clock.ts";

/** Takes some of the octets, and says how many; 0 when it would have to wait. A text says why it failed. Never waits, never throws. */
export type Writer = (octets: Uint8Array) => number | string;

/** What became of the log while it could not be written. */
export interface Outage {
  /** Lines that are not in the log. */
  readonly lost: number;
  /** Why it could not be written; the last reason, when there were several. */
  readonly reason: string;
}

/** Octets that are kept. */
const MOST = 1 << 20;
/** A reader that stood still may go on at any time; a full disk takes longer. */
const STALLED_AGAIN_MS = 100;
const FAILED_AGAIN_MS = 1000;

const STALLED = "its reader stood still";

export class LogQueue {
  readonly #writer: Writer;
  readonly #clock: Clock;
  readonly #over: (outage: Outage) => void;
  readonly #lines: Uint8Array[] = [];
  #size = 0;
  #lost = 0;
  #reason: string | undefined;
  #timer: Timer | undefined;
  #written = () => {};

  /** `over` is called when all that was kept has been written, after the writer had failed or lines were lost. */
  constructor(writer: Writer, clock: Clock, over: (outage: Outage) => void) {
    this.#writer = writer;
    this.#clock = clock;
    this.#over = over;
  }

  /** Writes a line now, or keeps it for later, or counts it as lost. */
  write(line: string): void {
    const octets = new TextEncoder().encode(line);
    if (this.#size + octets.length > MOST) {
      this.#lost++;
      return;
    }
    this.#lines.push(octets);
    this.#size += octets.length;
    if (this.#timer === undefined) this.#work();
  }

  /** Resolves when all is written; gives up what is not within `timeoutMs`: so many lines. */
  async end(timeoutMs: number): Promise<number> {
    if (this.#lines.length === 0) return 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#written = resolve;
    const limit = this.#clock.after(timeoutMs, resolve);
    await promise;
    limit.cancel();
    this.#timer?.cancel();
    return this.#lines.length;
  }

  #work(): void {
    this.#timer = undefined;
    for (let line = this.#lines[0]; line !== undefined; line = this.#lines[0]) {
      const taken = this.#writer(line);
      if (typeof taken === "string" || taken === 0) return this.#tryAgain(taken);
      this.#size -= taken;
      if (taken < line.length) this.#lines[0] = line.subarray(taken);
      else this.#lines.shift();
    }
    this.#tell();
    this.#written();
  }

  #tryAgain(failure: string | 0): void {
    if (failure !== 0) this.#reason = failure;
    this.#timer = this.#clock.after(
      failure === 0 ? STALLED_AGAIN_MS : FAILED_AGAIN_MS,
      () => this.#work(),
    );
  }

  #tell(): void {
    const outage = { lost: this.#lost, reason: this.#reason ?? STALLED };
    if (outage.lost === 0 && this.#reason === undefined) return;
    this.#lost = 0;
    this.#reason = undefined;
    this.#over(outage);
  }
}
