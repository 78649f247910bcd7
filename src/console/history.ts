/** The lines of earlier sessions, in a file of this user's own. */

import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

export const MOST_LINES = 1000;
/** A longer one is a mistake. */
const MOST_CHARACTERS = 1000;

/** XDG Base Directory Specification. Undefined where this user has no place for it. */
export function historyPath(env: NodeJS.ProcessEnv): string | undefined {
  const { XDG_STATE_HOME: state, HOME: home } = env;
  if (state?.startsWith("/")) return join(state, "oneip/console_history");
  return home ? join(home, ".local/state/oneip/console_history") : undefined;
}

export class History {
  readonly #path: string | undefined;
  #last: string | undefined;

  /** Without a path, or where the file cannot be written, lines are known only to this session. */
  constructor(path: string | undefined) {
    this.#path = path;
  }

  /** The latest first. The file keeps no more than these. */
  read(): string[] {
    const path = this.#path;
    if (path === undefined) return [];
    try {
      const lines = readFileSync(path, "utf8").split("\n").filter((line) => line !== "");
      const kept = lines.slice(-MOST_LINES);
      if (kept.length < lines.length) {
        const next = `${path}.${process.pid}`;
        writeFileSync(next, kept.map((line) => `${line}\n`).join(""), { mode: 0o600 });
        renameSync(next, path);
      }
      this.#last = kept.at(-1);
      return kept.toReversed();
    } catch {
      return [];
    }
  }

  add(typed: string): void {
    const line = typed.trim();
    if (line === "" || line === this.#last || line.length > MOST_CHARACTERS) return;
    this.#last = line;
    if (this.#path === undefined) return;
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      appendFileSync(this.#path, `${line}\n`, { mode: 0o600 });
    } catch {
      // A full disk is no reason to stop steering.
    }
  }
}
