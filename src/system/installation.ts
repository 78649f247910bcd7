/**
 * Where this oneip lies, with its files, and how more of it is started: in a checkout, or in the package of npm. In the single executable
 * src/executable/installation.ts stands in its place.
 */

import { existsSync } from "node:fs";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker, type WorkerOptions } from "node:worker_threads";
import { UsageError } from "../input/errors.ts";

const ROOT = new URL("../../", import.meta.url);
/** src/ of a checkout, or what tsc makes of it for the package, dist/: no runtime takes types away from what lies in node_modules. */
const CODE = new URL("../", import.meta.url);
const ENDING = extname(import.meta.url);

/** A file that comes along, by its path in a checkout. */
export function ownFile(path: string): string {
  return fileURLToPath(new URL(path, ROOT));
}

/** A file of a package that this one needs, such as "node_modules/hono/package.json": in the nearest node_modules that has it. */
export function packageFile(path: string): string {
  for (let folder = ROOT;; folder = new URL("../", folder)) {
    const file = fileURLToPath(new URL(path, folder));
    if (existsSync(file)) return file;
    if (folder.pathname === "/") {
      throw new Error(`There is no ${path} above ${ownFile("")}; install the packages again`);
    }
  }
}

/** Starts a program of ours, such as "plane/worker", in a thread of its own. */
export function startThread(program: string, options: WorkerOptions): Worker {
  return new Worker(new URL(`${program}${ENDING}`, CODE), options);
}

/** The command `oneip`, one word. It runs on what $ONEIP_RUNTIME says. */
export function launcher(): string {
  const isWhole = ENDING === ".ts" || ROOT.pathname.includes("/node_modules/") ||
    existsSync(ownFile("scripts/setup"));
  if ("Deno" in globalThis && !isWhole) {
    throw new UsageError(
      `More of oneip cannot be started from ${
        fileURLToPath(ROOT)
      }, use "nodeModulesDir": "auto" in deno.json`,
    );
  }
  return ownFile("scripts/oneip");
}

/** The words that run a TypeScript file on the runtime of this process. */
export function runTs(): string {
  return process.execPath + ("Deno" in globalThis ? ` run -A${ownConfig()}` : "");
}

/** The words that run a program of ours, such as "lab/server", on the runtime of this process. */
export function runOwn(program: string): string {
  return `${runTs()} ${fileURLToPath(new URL(`${program}${ENDING}`, CODE))}`;
}

/** With it, what a file of a checkout imports as "oneip" is that checkout's. */
function ownConfig(): string {
  const config = ownFile("deno.json");
  return existsSync(config) ? ` --config ${config}` : "";
}
