/** Logs: JSON lines, or readable ones on a terminal. Written at once, so that the last words before the end are not lost. */

import pino, { type Logger } from "pino";
import pretty from "pino-pretty";

export function createLog(): Logger {
  const options = { base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (!process.stdout.isTTY) return pino(options, pino.destination({ dest: 1, sync: true }));
  return pino(options, pretty({ sync: true, destination: 1, translateTime: "HH:MM:ss.l", singleLine: true }));
}
