/** The certificates of the authorities that probes trust, from their files. */

import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import type { Probe } from "../config/meaning.ts";
import { UsageError } from "../input/errors.ts";

const known = new Map<string, Buffer>();

/** What is in the file, which is read once: a changed file takes effect at the next start. Throws when it cannot be read. */
export function trustedIn(file: string): Buffer {
  const read = known.get(file) ?? readFileSync(file);
  known.set(file, read);
  return read;
}

/** Throws UsageError for a file that cannot be read or has no certificate. */
export function requireCertificates(probes: readonly Probe[]): void {
  for (const file of new Set(probes.flatMap(({ ca }) => ca ?? []))) {
    try {
      createSecureContext({ ca: trustedIn(file) });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw new UsageError(
        `Cannot use the certificates "${file}": ${code === "ENOENT" ? "there is no such file" : message}; ` +
          'correct "ca" of the probe, or take it out',
      );
    }
  }
}
