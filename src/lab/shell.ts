/** Running other programs: `ip`, and whatever a node runs. */

import { spawn } from "node:child_process";

/** What a program printed and how it ended. */
export interface Result {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit status; 128 and the signal's number, as in a shell, for one that was killed. */
  readonly status: number;
}

/** A program ended with another status than 0. */
export class CommandError extends Error {
  override name = "CommandError";
  readonly result: Result;

  constructor(command: readonly string[], result: Result) {
    const printed = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-8).join("\n  ");
    super(`Command failed with status ${result.status}: ${command.join(" ")}\n  ${printed}`);
    this.result = result;
  }
}

export interface RunOptions {
  /** Standard input. */
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Runs a program to its end. Throws when it cannot be started; its status is the caller's to judge. */
export function run(command: readonly string[], options: RunOptions = {}): Promise<Result> {
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: { ...process.env, ...options.env } }),
    ...(options.signal === undefined ? {} : { signal: options.signal, killSignal: "SIGKILL" as const }),
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => output[name] += text);
  }
  child.once("error", reject);
  child.once(
    "close",
    (code, signal) => resolve({ ...output, status: code ?? (signal === null ? 1 : 128 + 9) }),
  );
  child.stdin?.on("error", () => {}); // A program need not read its input to the end.
  child.stdin?.end(options.input);
  return promise;
}

/** Runs a program that must succeed. What it printed on standard output. Throws CommandError. */
export async function runChecked(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const result = await run(command, options);
  if (result.status !== 0) throw new CommandError(command, result);
  return result.stdout;
}
