/**
 * Logs: JSON lines, or readable ones on a terminal. Written at once, so that the last words before the end are not lost, and
 * without ever waiting: a full disk, or a reader that stands still, stops no traffic (log_queue.ts).
 */

import pino, { type Logger } from "pino";
import { type Clock, REAL_CLOCK } from "./clock.ts";
import { LogQueue, type Writer } from "./log_queue.ts";

export interface LogOptions {
  readonly writer: Writer;
  /** Makes of a line of JSON what a terminal shows; nothing when that is empty. Default: the line of JSON. */
  readonly readable?: ((line: string) => string) | undefined;
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
  { writer, readable = (line) => line, told, clock = REAL_CLOCK }: LogOptions,
): OpenLog {
  const queue = new LogQueue(writer, clock, (outage) => {
    log.warn(outage, "the log could not be written for a while");
  });
  const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, {
    write(line: string) {
      const shown = readable(line);
      if (shown !== "") queue.write(shown);
      told?.(line);
    },
  });
  return { log, end: async () => void await queue.end(LAST_WORDS_MS) };
}

/** Loaded only for a terminal: it is large, and a service has none. */
export async function pretty(): Promise<(line: string) => string> {
  const { prettyFactory } = await import("pino-pretty");
  return prettyFactory({ translateTime: "HH:MM:ss.l", singleLine: true });
}
