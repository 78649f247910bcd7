/** Running the system's own programs to their end: `ip`, `nft`, `sysctl`, `ss`, and whatever a node of a lab runs. */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { REAL_CLOCK } from "./clock.ts";
import { inOwnGroup, STATUS_FD } from "./group.ts";

/** The program and its arguments, a word each. No shell reads them. */
export type Command = readonly string[];

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
  /** What it printed, and its status. */
  readonly result: Result;

  constructor(command: Command, result: Result) {
    const printed = (result.stderr.trim() || result.stdout.trim()).split("\n").slice(-8).join("\n  ");
    super(`Command failed with status ${result.status}: ${formatCommand(command)}\n  ${printed}`);
    this.result = result;
  }
}

export interface RunOptions {
  /** Standard input. Not for one with a group of its own. */
  readonly input?: string;
  readonly cwd?: string;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Kills the program, and the promise is rejected. */
  readonly signal?: AbortSignal;
  /** When the program has not ended by then, it is killed, and the promise is rejected. Default: no limit. */
  readonly timeoutMs?: number | undefined;
  /** It has a process group of its own (group.ts). When it ends, or this process does, whatever is left of the group is killed. */
  readonly ownGroup?: boolean;
  /** Is called with the number of the own group when its leader has been waited for and the rest of it has been killed. */
  readonly groupEnded?: (group: number) => void;
  /** Characters that are kept of each of its outputs. What comes after them is read and forgotten. Default: all. */
  readonly mostOutput?: number;
}

/** Debian's package for each program that oneip itself runs. */
const PACKAGES: Readonly<Record<string, string>> = {
  ip: "iproute2",
  nft: "nftables",
  ss: "iproute2",
  sysctl: "procps",
};

/**
 * Runs a program to its end. What its status means is for the caller to say. Throws when the program cannot be started, which
 * names the package to install, and when it takes longer than `timeoutMs`.
 */
export function run(command: Command, options: RunOptions = {}): Promise<Result> {
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  const { input, cwd, env, signal, timeoutMs, ownGroup = false, groupEnded, mostOutput = Infinity } = options;
  const [program = "", ...args] = ownGroup ? inOwnGroup(command) : command;
  const child = spawn(program, args, {
    stdio: ownGroup
      ? ["pipe", "pipe", "pipe", "pipe"]
      : [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    detached: ownGroup,
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env: { ...process.env, ...env } }),
  });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      if (output[name].length < mostOutput) output[name] = (output[name] + text).slice(0, mostOutput);
    });
  }
  const kill = () => {
    if (ownGroup) child.stdin?.destroy();
    else child.kill("SIGKILL");
    // Programs that it has started may hold its output open for longer.
    for (const stream of [child.stdout, child.stderr]) stream?.destroy();
  };
  const limit = timeoutMs === undefined ? undefined : REAL_CLOCK.after(timeoutMs, () => {
    kill();
    reject(new Error(`"${formatCommand(command)}" was killed: it took longer than ${timeoutMs} ms`));
  });
  const abort = () => {
    kill();
    reject(signal?.reason);
  };
  if (signal?.aborted === true) abort();
  signal?.addEventListener("abort", abort, { once: true });
  const end = () => {
    limit?.cancel();
    signal?.removeEventListener("abort", abort);
  };
  child.once("error", (error) => {
    end();
    reject(isMissing(error, program, cwd) ? new Error(describeMissing(program)) : error);
  });
  let reported = "";
  child.stdio[STATUS_FD]?.on("data", (text: Uint8Array) => reported += text.toString());
  child.once("close", (code, killedBy) => {
    end();
    if (ownGroup) groupEnded?.(child.pid!);
    const own = code ?? 128 + (killedBy === null ? 0 : constants.signals[killedBy]);
    resolve({ ...output, status: reported === "" ? own : Number(reported) });
  });
  child.stdin?.on("error", () => {}); // A program need not read its input to the end.
  if (ownGroup) child.once("exit", () => child.stdin?.destroy());
  else child.stdin?.end(input);
  return promise;
}

/** Runs a program that must succeed. What it printed on standard output. Throws CommandError, and what `run` throws. */
export async function runChecked(command: Command, options: RunOptions = {}): Promise<string> {
  const result = await run(command, options);
  if (result.status !== 0) throw new CommandError(command, result);
  return result.stdout;
}

/** As a person would type it in a shell. */
export function formatCommand(command: Command): string {
  return command.map((word) => /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)
    .join(" ");
}

/**
 * A working directory that is not there gives the same error as a missing program. Where PATH leads to something
 * that cannot be run, or a folder in it may not be searched, the error is EACCES (execvp(3)).
 */
function isMissing(error: Error, program: string, cwd: string | undefined): boolean {
  const { code } = error as NodeJS.ErrnoException;
  const isNowhere = code === "ENOENT" || (code === "EACCES" && !program.includes("/"));
  return isNowhere && (cwd === undefined || existsSync(cwd));
}

function describeMissing(program: string): string {
  const name = PACKAGES[program];
  return `There is no program "${program}" here` +
    (name === undefined ? "" : `; install it, on Debian with: apt-get install ${name}`);
}
