/**
 * Whatever tests make in the system's folder for temporary files is in one folder, which goes when vitest ends: also what a test
 * leaves that failed, was skipped, or was cut off.
 */

import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** For vitest, before the processes of the tests are started. What it is to call at the end. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "oneip-tests-"));
  chmodSync(folder, 0o1777); // Some programs of the tests are another user's.
  process.env["TMPDIR"] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
