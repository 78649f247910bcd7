/**
 * Logs: JSON lines, or readable ones on a terminal. Written at once, so that the last words before the end are not lost, and
 * without ever waiting: a full disk, or a reader that stands still, stops no traffic (log_queue.ts).
 */

import pino, { type Logger } from "pino";
import { prettyFactory } from "pino-pretty";
import { type Clock, REAL_CLOCK } from "./clock.ts";
import { LogQueue, type Writer } from "./log_queue.ts";

export interface LogOptions {
  readonly writer: Writer;
  readonly isTerminal: boolean;
  /** Makes of a line of JSON what a terminal shows; nothing when that is empty. */
  readonly readable?: (line: string) => string;
  /** Gets each line of JSON. */
  readonly told?: (line: string) => void;
  readonly clock?: Clock;
}

export interface OpenLog {
  readonly log: Logger;
  /** Before the process ends: resolves when all is written, or soon when it cannot be. */
  end(): Promise<void>;
}

/** What cannot be written within this time when the process ends is lost. */
const LAST_WORDS_MS = 500;

export function openLog(
  { writer, isTerminal, readable = pretty(), told, clock = REAL_CLOCK }: LogOptions,
): OpenLog {
  const queue = new LogQueue(writer, clock, (outage) => {
    log.warn(outage, "the log could not be written for a while");
  });
  const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, {
    write(line: string) {
      const shown = isTerminal ? readable(line) : line;
      if (shown !== "") queue.write(shown);
      told?.(line);
    },
  });
  return { log, end: async () => void await queue.end(LAST_WORDS_MS) };
}

function pretty(): (line: string) => string {
  return prettyFactory({ translateTime: "HH:MM:ss.l", singleLine: true });
}
