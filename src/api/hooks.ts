/**
 * Runs a command of the operator's for each event. A command that hangs, floods or fails delays nothing: what cannot be run yet waits,
 * up to a limit, and what does not fit is lost and counted.
 *
 *     event ──> waiting, MOST_WAITING ──> running, MOST_RUNNING ──> has ended, or is killed after LONGEST_MS
 *         └──> lost
 */

import type { Logger } from "pino";
import { reapAll } from "../device/orphans.ts";
import type { Clock, Timer } from "../system/clock.ts";
import { formatCommand, run, type RunOptions } from "../system/programs.ts";
import type { DispatcherEvent } from "./events.ts";

const MOST_RUNNING = 4;
const MOST_WAITING = 256;
const LONGEST_MS = 10_000;
/** Characters of what a command prints that are kept. */
const MOST_OUTPUT = 1024;
/** The kernel takes 131,072 octets for a word of the environment. Of a longer event the data is left out. */
const MOST_JSON = 100_000;

/** Since the start. */
export interface HookCounts {
  /** That have ended, with whatever status, or were killed. */
  readonly run: number;
  /** Among them: with another status than 0, or not to be started. */
  readonly failed: number;
  /** Among them: took longer than 10 s. */
  readonly killed: number;
  /** Events for which nothing was run. */
  readonly lost: number;
}

/** Runs a program to its end. */
export type RunProgram = (
  command: readonly string[],
  options: RunOptions,
) => Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }>;

export interface HooksOptions {
  readonly log: Logger;
  readonly clock: Clock;
  readonly runProgram?: RunProgram;
}

export class Hooks {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #runProgram: RunProgram;
  readonly #waiting: DispatcherEvent[] = [];
  readonly #running = new Set<AbortController>();
  readonly #counts = { run: 0, failed: 0, killed: 0, lost: 0 };
  #command: readonly string[] | undefined;
  /** Of `lost`, what the log has not been told of. */
  #untold = 0;

  constructor({ log, clock, runProgram = run }: HooksOptions) {
    this.#log = log;
    this.#clock = clock;
    this.#runProgram = runProgram;
  }

  /** From the next event on this is run; with undefined nothing. */
  use(command: readonly string[] | undefined): void {
    this.#command = command;
    if (command === undefined) this.#waiting.length = 0;
  }

  get counts(): HookCounts {
    return { ...this.#counts };
  }

  hear(event: DispatcherEvent): void {
    if (this.#command === undefined) return;
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push(event);
    else {
      this.#counts.lost++;
      this.#untold++;
    }
    // Whoever has told of the event goes on first.
    this.#clock.after(0, () => this.#work());
  }

  /** Kills what still runs, and runs nothing more. */
  stop(): void {
    this.use(undefined);
    for (const running of this.#running) running.abort(new Error("the dispatcher ends"));
  }

  #work(): void {
    while (this.#running.size < MOST_RUNNING && this.#command !== undefined) {
      const event = this.#waiting.shift();
      if (event === undefined) break;
      void this.#run(this.#command, event);
    }
    if (this.#untold === 0 || this.#waiting.length > 0) return;
    this.#log.warn(
      { lost: this.#untold },
      "events came faster than the command of onEvent ends: for some it was not run",
    );
    this.#untold = 0;
  }

  async #run(command: readonly string[], event: DispatcherEvent): Promise<void> {
    const stop = new AbortController();
    this.#running.add(stop);
    let isKilled = false;
    const limit: Timer = this.#clock.after(LONGEST_MS, () => {
      isKilled = true;
      stop.abort(
        new Error(`it took longer than ${LONGEST_MS / 1000} s, and was killed with all that it had started`),
      );
    });
    try {
      const { status, stdout, stderr } = await this.#runProgram(command, {
        env: environmentOf(event),
        signal: stop.signal,
        ownGroup: true,
        groupEnded: (group) => reapAll(group, this.#clock),
        mostOutput: MOST_OUTPUT,
      });
      if (status !== 0) {
        const said = (stderr.trim() || stdout.trim()).split("\n").at(-1)!;
        this.#fail(
          command,
          event,
          `it ended with status ${status}${said === "" ? "" : ` and said "${said}"`}`,
        );
      }
    } catch (error) {
      if (isKilled) this.#counts.killed++;
      this.#fail(command, event, (error as Error).message);
    } finally {
      limit.cancel();
      this.#counts.run++;
      this.#running.delete(stop);
      this.#work();
    }
  }

  /** No event by itself: the command would be run for it. */
  #fail(command: readonly string[], { name, number }: DispatcherEvent, reason: string): void {
    this.#counts.failed++;
    this.#log.warn(
      { command: formatCommand(command), of: name, number, reason },
      "the command of onEvent failed",
    );
  }
}

function environmentOf({ number, time, name, message, data }: DispatcherEvent): Record<string, string> {
  const json = JSON.stringify({ number, time, event: name, message, ...data });
  return {
    ONEIP_EVENT: name,
    ONEIP_EVENT_NUMBER: String(number),
    ONEIP_EVENT_TIME: time,
    ONEIP_EVENT_JSON: new TextEncoder().encode(json).length <= MOST_JSON
      ? json
      : JSON.stringify({ number, time, event: name, message, shortened: true }),
  };
}
