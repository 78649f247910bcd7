/** The program that a node runs in the background, and what it prints. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import type { Port } from "../wire/port.ts";
import { until } from "../system/until.ts";

export interface ProgramPlan {
  /** The namespace that it runs in; undefined for that of this process. */
  readonly namespace: string | undefined;
  /** Shell line. */
  readonly cmd: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Its output, standard output and error in one, is added to this file. */
  readonly logFile: string;
  /** It is ready when it listens on these, */
  readonly ports: readonly Port[];
  /** and has printed this. */
  readonly readyText: string | undefined;
}

/** /proc/net/tcp's word for a socket that listens; UDP sockets have no such state. */
const TCP_LISTEN = "0A";

export class Program {
  readonly #plan: ProgramPlan;
  #process: ChildProcess | undefined;
  /** Where in the log file this run began. */
  #logStart = 0;

  constructor(plan: ProgramPlan) {
    this.#plan = plan;
  }

  /** What it has printed since it was last started. */
  get log(): string {
    return readFileSync(this.#plan.logFile).subarray(this.#logStart).toString();
  }

  get isRunning(): boolean {
    return this.#process !== undefined && this.#process.exitCode === null &&
      this.#process.signalCode === null;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts it in a session of its own and waits until it is ready. Throws with its last words when it ends before. */
  async start(): Promise<void> {
    const { namespace, cmd, cwd, env, logFile, ports, readyText } = this.#plan;
    const log = openSync(logFile, "a");
    this.#logStart = readFileSync(logFile).length;
    const there = namespace === undefined ? [] : ["ip", "netns", "exec", namespace];
    this.#process = spawn("setsid", [...there, "sh", "-c", `exec ${cmd}`], {
      stdio: ["ignore", log, log],
      cwd,
      env: { ...process.env, ...env },
    });
    closeSync(log);
    this.#process.unref();
    const pid = this.#process.pid!;
    writeFileSync(pidFileOf(logFile), `${pid}\n`);
    await until(() => `"${cmd}" is ready; it printed:\n${this.log}`, () => {
      if (!this.isRunning) throw new Error(`"${cmd}" ended before it was ready; it printed:\n${this.log}`);
      return (readyText === undefined || this.log.includes(readyText)) &&
        ports.every((port) => listens(pid, port));
    });
  }

  /** Ends it and waits until it has ended. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (this.#process === undefined || !this.isRunning) return;
    const ended = once(this.#process, "exit");
    this.#process.ref();
    this.#process.kill(signal);
    await ended;
  }
}

/** Was the program that prints into this file started, and does its process, which carries the lab's mark, no longer run? */
export function hasEnded(logFile: string, mark: string): boolean {
  const pid = readProc(pidFileOf(logFile)).trim();
  return pid !== "" && !readProc(`/proc/${pid}/environ`).split("\0").includes(mark);
}

function pidFileOf(logFile: string): string {
  return logFile.replace(/\.log$/, ".pid");
}

/** Does somebody listen on this port, in the network namespace of this process? */
function listens(pid: number, { port, protocol }: Port): boolean {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return [protocol, `${protocol}6`].some((table) => {
    const rows = readProc(`/proc/${pid}/net/${table}`).split("\n").slice(1).map((row) =>
      row.trim().split(/\s+/)
    );
    return rows.some(([, local, , state]) =>
      local?.endsWith(wanted) && (protocol === "udp" || state === TCP_LISTEN)
    );
  });
}

function readProc(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH" || code === "EINVAL") return ""; // It has ended, or there is no IPv6.
    throw error;
  }
}
