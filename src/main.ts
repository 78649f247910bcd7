/** The command `oneip` as a process. */

import { report } from "./cli/report.ts";
import { runOneip } from "./cli/run_oneip.ts";

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // Who reads no more, as `head` does, has read enough: what the command does is done to its end.
  if (error.code === "EPIPE") return;
  process.exitCode = report(new Error(`Cannot write to standard output: ${error.message}`));
});

const status = await runOneip(process.argv.slice(2));
if (status !== undefined) process.exitCode = status;
