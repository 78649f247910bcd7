/**
 * Another text in the place of a file's, whole or not at all:
 *
 *     FILE.XXXXXXXX   the new text, mode and owner of before, on the disk ──┐
 *     FILE            the text of before ──── FILE.before                   └──▶ FILE
 */

import { randomUUID } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  linkSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

const WHY: Readonly<Record<string, string>> = {
  ENOSPC: "no space is left on the disk",
  EDQUOT: "the user's quota is used up",
  EROFS: "its file system is read-only",
  EXDEV: "it is mounted by itself, as into a container: mount its folder",
  EACCES: "this user may not write to its folder",
  EPERM: "this user may not give it the owner that it has, or not write to its folder",
};

/** The path of the text of before. Throws, and leaves the file as it was, when the new one cannot be written. */
export function replaceFile(file: string, text: string): string {
  const path = realpathSync(file);
  const next = `${path}.${randomUUID().slice(0, 8)}`;
  const [old, kept] = [`${next}.before`, `${path}.before`];
  try {
    write(next, text, statSync(path));
    linkSync(path, old);
    renameSync(next, path);
    renameSync(old, kept);
  } catch (error) {
    for (const one of [next, old]) rmSync(one, { force: true });
    const { code = "", message } = error as NodeJS.ErrnoException;
    throw new Error(`Cannot write ${path}, which is as it was: ${WHY[code] ?? message}`);
  }
  syncFolder(dirname(path));
  return kept;
}

function write(path: string, text: string, like: { mode: number; uid: number; gid: number }): void {
  const fd = openSync(path, "wx", 0o600);
  try {
    writeFileSync(fd, text);
    fchownSync(fd, like.uid, like.gid);
    fchmodSync(fd, like.mode & 0o7777);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** So that the new name outlives a loss of power. */
function syncFolder(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
