/** Writes a capture whole or not at all, so that a full disk loses nothing that was there before. */

import { renameSync, rmSync, statSync, writeFileSync } from "node:fs";

/** Throws Error that names the file and the reason. */
export function writeCapture(file: string, octets: Uint8Array): void {
  // A device or a pipe has no place beside it.
  const isPlain = statSync(file, { throwIfNoEntry: false }) === undefined || isFile(file);
  const target = isPlain ? `${file}.part` : file;
  try {
    writeFileSync(target, octets);
    if (isPlain) renameSync(target, file);
  } catch (error) {
    if (isPlain && isFile(target)) rmSync(target);
    const left = isPlain ? "; what was there before is as it was" : "";
    throw new Error(`Cannot write ${file}: ${(error as Error).message}${left}`);
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
