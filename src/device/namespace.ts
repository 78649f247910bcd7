/** The network namespace of this process, and a way into another one. */

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describeErrno } from "./errno.ts";
import { libc } from "./libc.ts";

/** Where ip-netns(8) keeps the names. */
const NAMES = "/run/netns";

/** Of this thread, which is the process's until it enters another one. */
const OWN = "/proc/thread-self/ns/net";

const CLONE_NEWNET = 0x40000000;

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

/**
 * Does something in another network namespace, by the path of a file that stands for it: sockets that it opens are of that namespace for
 * ever. The thread is back in its own when this returns. Throws when the other one cannot be entered.
 */
export function inNetworkNamespace<T>(path: string, action: () => T): T {
  const own = open(OWN);
  try {
    enter(path, open(path));
    return action();
  } finally {
    enter(OWN, own);
  }
}

function open(path: string): number {
  const fd = libc.open(new TextEncoder().encode(`${path}\0`), 0);
  if (fd < 0) throw new Error(`Cannot open ${path}: ${describeErrno(libc.errno())}`);
  return fd;
}

function enter(path: string, fd: number): void {
  const status = libc.setns(fd, CLONE_NEWNET);
  const errno = libc.errno();
  libc.close(fd);
  if (status < 0) throw new Error(`Cannot enter the network namespace ${path}: ${describeErrno(errno)}`);
}
