/** Values in scenes and actions, each with what would do in its place. */

import { UsageError } from "../input/errors.ts";
import { type Mac, parseIp, parseMac } from "../wire/address.ts";

/** Throws UsageError unless it is a whole number from `least` to `most`. */
export function requireWithin(what: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new UsageError(`${what} is ${value}; use a whole number from ${least} to ${most}`);
}

/** Throws UsageError unless an interface can have this MTU, in octets. */
export function requireMtu(what: string, mtu: number): void {
  // RFC 791 section 3.2; and the longest IP packet.
  requireWithin(what, mtu, 68, 65_535);
}

/** An IP address as canonical text. Throws UsageError when it is none. */
export function requireAddress(text: string): string {
  const canonical = parseIp(text);
  if (canonical !== undefined) return canonical;
  throw new UsageError(`"${text}" is no IP address; use one such as 10.0.0.100`);
}

/** Throws UsageError when it is no MAC. */
export function requireMac(text: string): Mac {
  const mac = parseMac(text);
  if (mac !== undefined) return mac;
  throw new UsageError(`"${text}" is no MAC address; use one such as 02:00:00:00:01:11`);
}
