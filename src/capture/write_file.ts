/** Writing captures to files: nothing is written over unless that is asked for, and a full disk loses nothing that was there before. */

import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { UsageError } from "../input/errors.ts";
import { endOfBlocks, framesIn } from "./whole_blocks.ts";

/**
 * Writes a capture whole or not at all. Throws UsageError where there is such a file already, unless `isForced`, and else Error that names
 * the file and the reason.
 */
export function writeCapture(file: string, octets: Uint8Array, isForced: boolean): void {
  const kind = kindOf(file);
  if (kind === "file" && !isForced) throw existsAlready(file);
  const target = kind === "other" ? file : `${file}.part`;
  try {
    writeFileSync(target, octets);
    if (kind !== "other") renameSync(target, file);
  } catch (error) {
    if (kind !== "other" && kindOf(target) === "file") rmSync(target);
    throw unwritable(file, error, kind === "other" ? "" : "; what was there before is as it was");
  }
}

/** A capture that grows as frames come. Where the disk is full it keeps what was written, and ends with a whole block. */
export class GrowingCapture {
  readonly #file: string;
  readonly #fd: number;
  /** In the file. */
  frames = 0;
  /** Octets of whole blocks. */
  #length = 0;

  /** Throws as `writeCapture` does. With `isForced` what was in the file is lost. */
  constructor(file: string, isForced: boolean) {
    this.#file = file;
    try {
      this.#fd = openSync(file, isForced || kindOf(file) === "other" ? "w" : "wx");
    } catch (error) {
      throw (error as NodeJS.ErrnoException).code === "EEXIST"
        ? existsAlready(file)
        : unwritable(file, error, "");
    }
  }

  /** Whole blocks. Throws Error when they cannot all be written. */
  write(blocks: Uint8Array): void {
    let written = 0;
    try {
      while (written < blocks.length) written += writeSync(this.#fd, blocks, written);
    } catch (error) {
      this.#note(blocks.subarray(0, endOfBlocks(blocks.subarray(0, written))));
      if (fstatSync(this.#fd).isFile()) ftruncateSync(this.#fd, this.#length);
      throw unwritable(this.#file, error, "; what was written before is kept");
    }
    this.#note(blocks);
  }

  #note(blocks: Uint8Array): void {
    this.frames += framesIn(blocks);
    this.#length += blocks.length;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** A device or a pipe has nothing to lose, and no place beside it. */
function kindOf(path: string): "none" | "file" | "other" {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return "none";
  return found.isFile() ? "file" : "other";
}

function existsAlready(file: string): UsageError {
  return new UsageError(`${file} exists already; give another name, or --force to write over it`);
}

function unwritable(file: string, error: unknown, left: string): Error {
  return new Error(`Cannot write ${file}: ${(error as Error).message}${left}`);
}
