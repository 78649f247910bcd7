/** The network namespace of this process. Namespaces share the file system, so a file that is for one of them is named after it. */

import { existsSync, statSync } from "node:fs";

/** No two that exist at one time have the same number. That of one that has gone is given to another. */
export function namespaceNumber(): number {
  return statSync("/proc/self/ns/net").ino;
}

/** Is it the machine's or the container's own, that of its first process? */
export function isMachinesOwn(): boolean {
  try {
    return statSync("/proc/1/ns/net").ino === namespaceNumber();
  } catch {
    // This user may not look there. Only the kernel's first namespace has this file.
    return existsSync("/proc/sys/net/core/netdev_max_backlog");
  }
}
