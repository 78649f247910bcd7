/** The files of a scene. */

import { type Config, parseConfig } from "../config/config.ts";
import { UsageError } from "../input/errors.ts";

/** Configurations that were parsed already: shrinking starts the same world hundreds of times. */
const parsed = new Map<string, Config>();
const MOST_PARSED = 64;

export class Texts {
  readonly #files: Map<string, string>;

  constructor(files: Readonly<Record<string, string>>) {
    this.#files = new Map(Object.entries(files));
  }

  /** Throws as readFileSync does when there is none. */
  read(name: string): string {
    const text = this.#files.get(name);
    if (text === undefined) {
      throw Object.assign(new Error(`there is no file "${name}" in the scene`), { code: "ENOENT" });
    }
    return text;
  }

  write(name: string, text: string): void {
    this.#files.set(name, text);
  }

  /**
   * The configuration in a file, as a machine of this name reads it. Throws UsageError when there is no such file, and InputError for its
   * mistakes.
   */
  config(name: string, machine: string): Config {
    const text = this.#files.get(name);
    if (text === undefined) throw new UsageError(`The scene has no file "${name}"; add it to its files`);
    const key = JSON.stringify([text, name, machine]);
    const known = parsed.get(key);
    if (known !== undefined) return known;
    const config = parseConfig(text, name, machine);
    if (parsed.size >= MOST_PARSED) parsed.delete(parsed.keys().next().value!);
    parsed.set(key, config);
    return config;
  }
}
