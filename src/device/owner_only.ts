/** Files that nobody but their owner may read or write, from their first moment: a chmod comes later. */

import { libc } from "./libc.ts";

const OTHERS_AND_EXECUTION = 0o177;

/** What `make` makes, before it returns, is the owner's alone. */
export function forOwnerOnly<T>(make: () => T): T {
  const before = libc.umask(OTHERS_AND_EXECUTION);
  try {
    return make();
  } finally {
    libc.umask(before);
  }
}
