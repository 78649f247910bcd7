/** IPv4 masks as text, "255.255.248.0", which routing tables of many systems print. */

import { ipOf, netmask, parseIp, wordOf } from "../../wire/address.ts";

/** The prefix length of a mask; undefined where the text is no mask, or its ones have a gap. */
export function parseMask(text: string): number | undefined {
  const address = parseIp(text);
  if (address === undefined || address.includes(":")) return undefined;
  const prefixLength = Math.clz32(~wordOf(address));
  return netmask(prefixLength) === wordOf(address) ? prefixLength : undefined;
}

export function formatMask(prefixLength: number): string {
  const word = netmask(prefixLength);
  return ipOf(Uint8Array.of(word >>> 24, word >>> 16, word >>> 8, word));
}
