/** What /proc tells of a process. */

import { readFileSync } from "node:fs";

/** Does this process run, and was it started for the lab with this mark? Its number may have become another one's. */
export function carriesMark(pid: number, mark: string): boolean {
  return readProc(`/proc/${pid}/environ`).split("\0").includes(mark);
}

/** Empty when there is nothing to read: it has ended, is somebody else's, or there is no IPv6. */
export function readProc(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH", "EINVAL", "EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code!)) {
      return "";
    }
    throw error;
  }
}
