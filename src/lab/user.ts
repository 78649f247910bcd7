/**
 * Whose labs they are, and where they leave their traces. Root's are in /run. An ordinary user's are in a folder that nobody else can
 * read or could have made: the first of $XDG_RUNTIME_DIR, /run/user/UID and /tmp/oneip-UID that can be such.
 */

import { lstatSync, type Stats } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../input/errors.ts";

const GROUP_OR_OTHERS_WRITE = 0o022;
const GROUP_OR_OTHERS = 0o077;

/** Of the user of this process; 0 is root, also that of a user namespace. */
export function ownUid(): number {
  return process.geteuid?.() ?? 0;
}

/** The folder in which each lab of this user has its own. Throws UsageError when somebody else could have made it. */
export function stateFolder(uid = ownUid(), env: NodeJS.ProcessEnv = process.env): string {
  return join(uid === 0 ? "/run/oneip" : ownFolder(uid, env), "lab");
}

function ownFolder(uid: number, env: NodeJS.ProcessEnv): string {
  // After `su` the variable still is the other user's; a shell from elsewhere, such as cron's, has none.
  const runtime = [env["XDG_RUNTIME_DIR"], `/run/user/${uid}`].find((path) => {
    const found = path === undefined || !path.startsWith("/") ? undefined : lookAt(path);
    return found?.isDirectory() && found.uid === uid && (found.mode & GROUP_OR_OTHERS_WRITE) === 0;
  });
  const folder = runtime === undefined ? `/tmp/oneip-${uid}` : join(runtime, "oneip");
  const found = lookAt(folder);
  if (found === undefined) return folder;
  const wrong = !found.isDirectory()
    ? "no folder"
    : found.uid !== uid
    ? `one of user ${found.uid}`
    : (found.mode & GROUP_OR_OTHERS) !== 0
    ? "one that others may enter"
    : undefined;
  if (wrong === undefined) return folder;
  throw new UsageError(
    `Labs need a folder that is this user's alone at ${folder}, found ${wrong}; remove it, or set XDG_RUNTIME_DIR to a folder of your own`,
  );
}

/** Of the file itself, not of what it may lead to. */
function lookAt(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
