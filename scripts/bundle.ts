/**
 * The command `oneip` and what it starts, each with all that it imports in few files (bundle/): that starts in two thirds of the time of
 * the sources. scripts/test has its processes started from there (ONEIP_CODE, scripts/oneip).
 */

import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { PROGRAMS } from "./programs.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** `scripts/oneip` starts two of them itself. */
const ENTRIES = ["main", "cli/permissions", ...PROGRAMS];

const folder = join(ROOT, "bundle");
rmSync(folder, { recursive: true, force: true });
const made = await rolldown({
  input: Object.fromEntries(ENTRIES.map((path) => [path, join(ROOT, "src", `${path}.ts`)])),
  platform: "node",
  tsconfig: false,
  // It finds its native part beside itself.
  external: ["koffi"],
});
await made.write({
  dir: folder,
  format: "esm",
  // As far below the checkout as src/system/installation.ts, which looks for all else from where it lies.
  chunkFileNames: "shared/[name].js",
  minify: { compress: true, mangle: false, codegen: true },
});
