/** Running the system's own programs: `ip`, `ss`, `sysctl`. */

import { spawnSync } from "node:child_process";

/** The words of a command. */
export type Command = readonly string[];

const PACKAGES: Record<string, string> = { ip: "iproute2", ss: "iproute2", sysctl: "procps" };

/** Octets: a router with all routes of the Internet prints some 200 MB. */
const LARGEST_TABLE = 2 ** 29;

/** Runs a program to its end; what it printed. Throws with what it said when it is missing or fails. */
export function runProgram(command: Command): string {
  const [program = "", ...args] = command;
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: "utf8",
    maxBuffer: LARGEST_TABLE,
  });
  if (error !== undefined) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const why = missing ? `there is no "${program}"; install ${PACKAGES[program] ?? program}` : error.message;
    throw new Error(`Cannot run "${formatCommand(command)}": ${why}`);
  }
  if (status !== 0) {
    throw new Error(`"${formatCommand(command)}" failed with status ${status}: ${(stderr || stdout).trim()}`);
  }
  return stdout;
}

/** As a person would type it. */
export function formatCommand(command: Command): string {
  return command.map((word) => /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)
    .join(" ");
}
