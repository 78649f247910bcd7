/** The runtime that the suite runs on, for programs that a test starts. */

import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../", import.meta.url));

export const RUNTIME = "Deno" in globalThis ? "deno" : "node";

/** The words that run a TypeScript file on this runtime. */
export function runTs(file: string, v8Flags: readonly string[] = []): string[] {
  const path = join(ROOT, file);
  if (RUNTIME === "node") return [process.execPath, ...v8Flags, path];
  const flags = v8Flags.length === 0 ? [] : [`--v8-flags=${v8Flags.join(",")}`];
  return [process.execPath, "run", "--quiet", "-A", "--config", join(ROOT, "deno.json"), ...flags, path];
}

/** The command `oneip` on this runtime. */
export const ONEIP = ["env", `ONEIP_RUNTIME=${RUNTIME}`, join(ROOT, "scripts/oneip")];
