/** Runs another program with this terminal, in place of this command. */

import { spawn } from "node:child_process";
import { once } from "node:events";

/** Its status is ours. A terminal's Ctrl-C goes to both; this one waits until the other has ended. */
export async function runHere([program = "", ...args]: readonly string[]): Promise<void> {
  const child = spawn(program, args, { stdio: "inherit" });
  const wait = () => {};
  const stop = () => void child.kill("SIGTERM");
  process.on("SIGINT", wait);
  process.on("SIGTERM", stop);
  const [status] = await once(child, "exit");
  process.off("SIGINT", wait);
  process.off("SIGTERM", stop);
  process.exitCode = status ?? 1;
}
