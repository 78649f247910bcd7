/** The file to which the decisions of a link are written. */

import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { formatDecision } from "../../impairment/decision_log.ts";
import type { Decision } from "../../impairment/decision.ts";

/** Characters that are kept back at most. */
const MOST_WAITING = 1 << 16;
/** Octets of the file: some ten million frames. */
const MOST_OCTETS = 1 << 28;

export class LogFile {
  /** Why nothing is written any more. */
  fault: string | undefined;
  readonly #fd: number;
  readonly #most: number;
  #waiting = "";
  #written = 0;

  /** Begins the file anew. Throws when it cannot be written. */
  constructor(file: string, most = MOST_OCTETS) {
    this.#fd = openSync(file, "w");
    this.#most = most;
  }

  write(from: string, frame: number, decision: Decision): void {
    if (this.fault !== undefined) return;
    this.#waiting += `${formatDecision(from, frame, decision)}\n`;
    if (this.#waiting.length >= MOST_WAITING) this.flush();
  }

  /** Whoever reads the file finds all decisions so far. */
  flush(): void {
    if (this.#waiting === "") return;
    const octets = new TextEncoder().encode(this.#waiting);
    this.#waiting = "";
    if (this.#written + octets.length > this.#most) {
      this.fault = `the file has ${this.#most} octets, which is the most`;
      return;
    }
    try {
      for (let at = 0; at < octets.length;) {
        const count = writeSync(this.#fd, octets, at, octets.length - at, this.#written);
        this.#written += count;
        at += count;
      }
    } catch (error) {
      this.fault = (error as Error).message;
    }
  }

  /** Forgets all that was written, and why nothing was. */
  restart(): void {
    this.#waiting = "";
    this.#written = 0;
    this.fault = undefined;
    ftruncateSync(this.#fd);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
