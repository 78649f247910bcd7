/** The network namespace of this process. */

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { libc } from "./libc.ts";

/** Where ip-netns(8) keeps the names. */
const NAMES = "/run/netns";

/** Its name, which outlives a restart of the machine as its number does not; undefined where it has none, as the machine's own. */
export function namespaceName(): string | undefined {
  const number = namespaceNumber();
  return named().find((name) => statSync(join(NAMES, name), { throwIfNoEntry: false })?.ino === number);
}

/** By libc, because Deno gives what is below /proc/self only to programs that may do anything. */
function namespaceNumber(): number {
  const text = new Uint8Array(64);
  const length = libc.readlink(new TextEncoder().encode("/proc/self/ns/net\0"), text, text.length);
  const [, number] =
    /^net:\[(\d+)\]$/.exec(new TextDecoder().decode(text.subarray(0, Math.max(0, length)))) ?? [];
  return Number(number);
}

function named(): string[] {
  try {
    return readdirSync(NAMES);
  } catch {
    return []; // Nobody has ever given a name.
  }
}
