import { InvalidArgumentError } from "@commander-js/extra-typings";

/** A TCP port as an option's value. */
export function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port > 0 && port < 65_536) return port;
  throw new InvalidArgumentError("Use a whole number from 1 to 65535.");
}
