/** A key in a file that several machines share. */

import { readFileSync, statSync } from "node:fs";
import { UsageError } from "./errors.ts";

const LEAST_KEY_OCTETS = 16;

/** Of random text of that length hardly any has fewer different characters. */
const LEAST_DIFFERENT = 8;

/** The key in a file, without the white space around it. `all`: who shares it. Throws UsageError when it cannot be read or is easily guessed. */
export function readKey(file: string, all: string, readText: (file: string) => string = textIn): Uint8Array {
  const remedy = `make one with "head -c 32 /dev/urandom | base64" and give the same to ${all}`;
  let text: string;
  try {
    text = readText(file).trim();
  } catch (error) {
    throw new UsageError(
      `Cannot read the key "${file}" (${(error as NodeJS.ErrnoException).code}); ${remedy}`,
    );
  }
  if (text.length < LEAST_KEY_OCTETS) {
    throw new UsageError(
      `The key "${file}" has ${text.length} characters, ${LEAST_KEY_OCTETS} or more are needed; ${remedy}`,
    );
  }
  const different = new Set(text).size;
  if (different < LEAST_DIFFERENT) {
    throw new UsageError(
      `The key "${file}" has ${different} different characters, ${LEAST_DIFFERENT} or more are needed; ${remedy}`,
    );
  }
  return new TextEncoder().encode(text);
}

function textIn(file: string): string {
  return readFileSync(file, "utf8");
}

/** The mode of a file, such as `644`, when others than its owner may read or write it; undefined for a secret. */
export function looseModeOf(file: string): string | undefined {
  const mode = statSync(file).mode & 0o777;
  return (mode & 0o077) === 0 ? undefined : mode.toString(8);
}
