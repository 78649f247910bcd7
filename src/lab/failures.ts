/** Why a lab could not be made, where the system's programs do not say it in a person's words. */

import { existsSync, readFileSync } from "node:fs";
import { UsageError } from "../input/errors.ts";
import { CommandError } from "../system/programs.ts";

const LIMIT = "/proc/sys/user/max_net_namespaces";

/** Throws UsageError where there is no /proc: namespaces are named by way of it, and labs are taken down. */
export function needProc(): void {
  if (existsSync("/proc/self/ns/net")) return;
  throw new UsageError('A lab needs /proc, found none, mount it with "mount -t proc proc /proc"');
}

/** The same error, or one that says what is wrong and what to do. */
export function explainFailure(error: unknown): unknown {
  if (!(error instanceof CommandError)) return error;
  const { stderr } = error.result;
  // unshare(2): of namespaces, "no space" is a limit that is reached.
  if (/unshare failed: No space left on device/.test(stderr)) {
    const limit = readFileSync(LIMIT, "utf8").trim();
    return new Error(
      `No more network namespaces can be made here: user.max_net_namespaces is ${limit}, or less in a surrounding user namespace; ` +
        'take labs down ("oneip lab list"), or raise it with "sysctl -w user.max_net_namespaces=NUMBER"',
    );
  }
  const [, file] = /cannot create (\/proc\/sys\/\S+): Read-only file system/.exec(stderr) ?? [];
  if (file === undefined) return error;
  return new Error(
    `A lab sets how its networks work, but ${file} is read-only here, as /proc/sys is in a container; ` +
      'run the container with --privileged, or "mount -o remount,rw /proc/sys"',
  );
}
