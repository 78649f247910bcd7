/** A log as data: what a dispatcher or an agent tells its log comes as fields, without a line of text being made. */

import type { Logger } from "pino";

/** As pino numbers them. */
const LEVELS = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60 } as const;

/** What is told: the fields beside the message. */
export type Told = (level: number, fields: object, msg: string) => void;

/** A logger that calls this. */
export function loggerTo(told: Told): Logger {
  const of = (level: number) => (first: object | string, msg = "") =>
    typeof first === "string" ? told(level, {}, first) : told(level, first, msg);
  const methods = Object.fromEntries(Object.entries(LEVELS).map(([name, level]) => [name, of(level)]));
  // What the product asks of a logger, and not all that pino has.
  return methods as unknown as Logger;
}
