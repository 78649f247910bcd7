/** Opens a capture: a file, or standard input. */

import { closeSync, openSync, readSync } from "node:fs";
import { UsageError } from "../input/errors.ts";
import { CaptureReader } from "./reader.ts";

export const STANDARD_INPUT = "-";
const STDIN = 0;

/** How long to wait for the next octets where reading does not wait by itself. */
const PAUSE_MS = 2;

export interface OpenCapture extends Disposable {
  readonly reader: CaptureReader;
}

/**
 * Throws UsageError when there is no such file. It is read as its frames are asked for; `wait` is called before each read, which may wait for
 * who writes it.
 */
export function openCapture(file: string, wait: () => void = () => {}): OpenCapture {
  const isInput = file === STANDARD_INPUT;
  const fd = isInput ? STDIN : open(file);
  const name = isInput ? "standard input" : file;
  return {
    reader: new CaptureReader((into) => {
      wait();
      return read(fd, into, name);
    }, name),
    [Symbol.dispose]() {
      if (!isInput) closeSync(fd);
    },
  };
}

function open(file: string): number {
  try {
    return openSync(file, "r");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`Cannot read ${file}: ${code === "ENOENT" ? "there is no such file" : message}`);
  }
}

function read(fd: number, into: Uint8Array, name: string): number {
  for (;;) {
    try {
      return readSync(fd, into, 0, into.length, null);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") throw new UsageError(`Cannot read ${name}: ${message}`);
      // Whoever shares standard input with us has made it so.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}
