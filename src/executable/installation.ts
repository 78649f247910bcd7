/**
 * What system/installation.ts says of a checkout, for the single executable (scripts/package). Its files are assets of it. The kernel maps
 * no library from memory and shells read topologies from the disk, so they are unpacked, once, into a cache of this user.
 */

import { chmodSync, lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Worker, type WorkerOptions } from "node:worker_threads";

/** Of node:sea, which the type checker of Deno does not know. */
interface Assets {
  getAsset(path: string): ArrayBuffer;
  getAsset(path: string, encoding: "utf8"): string;
  getAssetKeys(): string[];
}

const { getAsset, getAssetKeys } = process.getBuiltinModule("node:sea") as unknown as Assets;

/** Its first argument, when it is to run the file behind that and nothing of its own. */
export const RUN_FILE = "--run-file";

/** The asset that has the digest of all others, by which executables of several versions keep apart. */
export const DIGEST = "digest";

/** As systemd has it for a service, else as the XDG's directories are. Root's is in no folder that somebody else may change, a service's included. */
const CACHE = process.env["CACHE_DIRECTORY"] ??
  (process.geteuid?.() === 0
    ? "/var/cache/oneip-files"
    : join(process.env["XDG_CACHE_HOME"] ?? join(process.env["HOME"] ?? "/nonexistent", ".cache"), "oneip"));

let unpacked: string | undefined;

export function ownFile(path: string): string {
  return join(unpacked ??= unpack(), path);
}

export const packageFile = ownFile;

export function startThread(program: string, options: WorkerOptions): Worker {
  return new Worker(getAsset(`${program}.js`, "utf8"), { ...options, eval: true });
}

export function launcher(): string {
  return process.execPath;
}

export function runTs(): string {
  return `${process.execPath} ${RUN_FILE}`;
}

export function runOwn(program: string): string {
  return `${runTs()} ${ownFile(`${program}.js`)}`;
}

/** The folder with all files. */
function unpack(): string {
  const folder = join(CACHE, getAsset(DIGEST, "utf8"));
  if (isOurs(folder)) return folder;
  try {
    mkdirSync(CACHE, { recursive: true, mode: 0o755 });
    const made = mkdtempSync(join(CACHE, "new-"));
    for (const path of getAssetKeys()) {
      mkdirSync(dirname(join(made, path)), { recursive: true });
      writeFileSync(join(made, path), new Uint8Array(getAsset(path)));
    }
    chmodSync(made, 0o755);
    try {
      renameSync(made, folder);
    } catch (error) {
      rmSync(made, { recursive: true });
      if (!isOurs(folder)) throw error; // Otherwise another process was faster.
    }
  } catch (error) {
    throw new Error(
      `Cannot unpack the files of ${process.execPath}: ${(error as Error).message}; ` +
        "set CACHE_DIRECTORY to a folder of your own from which programs may be run",
    );
  }
  return folder;
}

/** Is it there, and may nobody else have put anything into it? */
function isOurs(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return false;
  if (found.isDirectory() && found.uid === process.geteuid?.() && (found.mode & 0o022) === 0) return true;
  throw new Error(`${folder} is not this user's alone; remove it`);
}
