#!/usr/bin/env node
/** The command `oneip` as a process. */

import * as module from "node:module";
import { fileURLToPath } from "node:url";

/** As in package.json. An older one has not all that is needed, and would say so by a stack trace. */
const LEAST_NODE = [22, 18] as const;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < LEAST_NODE[0] || major === LEAST_NODE[0] && minor < LEAST_NODE[1]) {
  console.error(`oneip: Node needs to be ${LEAST_NODE.join(".")} or later, found ${process.versions.node}`);
  process.exit(1);
}

// As in scripts/oneip, for who calls this file, as npm does: for what is loaded from here on, and for what is started from here.
if (process.env["NODE_COMPILE_CACHE"] === undefined && !("Deno" in globalThis)) {
  process.env["NODE_COMPILE_CACHE"] = fileURLToPath(new URL("../node_modules/.cache/node", import.meta.url));
  module.enableCompileCache(process.env["NODE_COMPILE_CACHE"]);
}
const { report } = await import("./cli/report.ts");
const { runOneip } = await import("./cli/run_oneip.ts");

// As cron and service managers do it: where a shell without one would look.
process.env["PATH"] ||= "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // Who reads no more, as `head` does, has read enough: what the command does is done to its end.
  if (error.code === "EPIPE") return;
  process.exitCode = report(new Error(`Cannot write to standard output: ${error.message}`));
});

const status = await runOneip(process.argv.slice(2));
if (status !== undefined) process.exitCode = status;
