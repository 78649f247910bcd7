/** Logs: JSON lines, or readable ones on a terminal. Written at once, so that the last words before the end are not lost. */

import { writeSync } from "node:fs";
import pino, { type Logger } from "pino";
import { prettyFactory } from "pino-pretty";

/** `readable` makes of a line of JSON what a terminal shows. */
export function createLog(
  readable: (line: string) => string = prettyFactory({ translateTime: "HH:MM:ss.l", singleLine: true }),
): Logger {
  const options = { base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (!process.stdout.isTTY) return pino(options, pino.destination({ dest: 1, sync: true }));
  return pino(options, { write: (line: string) => void writeSync(1, readable(line)) });
}
