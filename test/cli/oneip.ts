/** The command `oneip` in this process: it takes a tenth of the time that a process of its own takes to start. */

import { format } from "node:util";
import { vi } from "vitest";
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
  const log = vi.spyOn(console, "log").mockImplementation((...words) =>
    void (printed.stdout += `${format(...words)}\n`)
  );
  const error = vi.spyOn(console, "error").mockImplementation((...words) =>
    void (printed.stderr += `${format(...words)}\n`)
  );
  const out = vi.spyOn(process.stdout, "write").mockImplementation((
    text,
  ) => (printed.stdout += String(text), true));
  const err = vi.spyOn(process.stderr, "write").mockImplementation((
    text,
  ) => (printed.stderr += String(text), true));
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    const status = await runOneip(args) ?? Number(process.exitCode);
    return { status, ...printed };
  } finally {
    process.exitCode = before;
    for (const spy of [log, error, out, err]) spy.mockRestore();
  }
}
