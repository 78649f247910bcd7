/** Certificates of authorities that a probe trusts, from their files. */

import { readFileSync } from "node:fs";

const known = new Map<string, Buffer>();

/** What is in the file, which is read once. Throws when it cannot be read. */
export function trustedIn(file: string): Buffer {
  const read = known.get(file) ?? readFileSync(file);
  known.set(file, read);
  return read;
}
