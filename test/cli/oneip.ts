/** The command `oneip` in this process: that takes a tenth of the time that a process of its own takes to start. */

import { format } from "node:util";
import { runOneip } from "../../src/cli/run_oneip.ts";
import type { Result } from "../../src/system/programs.ts";

let last: Promise<unknown> = Promise.resolve();

/** What a person would see of it. One after another, because they share this process's output. */
export function oneip(...args: readonly string[]): Promise<Result> {
  const result = last.then(() => call(args));
  last = result.catch(() => {});
  return result;
}

async function call(args: readonly string[]): Promise<Result> {
  const printed = { stdout: "", stderr: "" };
  const before = [
    console.log,
    console.error,
    process.stdout.write,
    process.stderr.write,
    process.exitCode,
  ] as const;
  console.log = (...words) => void (printed.stdout += `${format(...words)}\n`);
  console.error = (...words) => void (printed.stderr += `${format(...words)}\n`);
  process.stdout.write = (text: string | Uint8Array) => (printed.stdout += String(text), true);
  process.stderr.write = (text: string | Uint8Array) => (printed.stderr += String(text), true);
  process.exitCode = 0;
  try {
    const status = await runOneip(args) ?? Number(process.exitCode);
    return { status, ...printed };
  } finally {
    [console.log, console.error, process.stdout.write, process.stderr.write, process.exitCode] = before;
  }
}
