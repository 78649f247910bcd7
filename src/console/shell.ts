/**
 * Runs lines by cliffy, one after another:
 *
 *     a line, perhaps shortened ── words.ts ──▶ the same in full ──▶ cliffy: finds the command, names its parameters, calls it
 *
 * cliffy reads a stream and asks for each line by a prompt. Here the stream is ours, and the prompt says that the line before is done.
 */

import { PassThrough, Writable } from "node:stream";
import { CLI } from "cliffy";
import type { ConsoleCommands } from "./commands.ts";
import { inFull, wordsOf } from "./words.ts";

export class Shell {
  readonly #commands: ConsoleCommands;
  readonly #lines = new PassThrough();
  readonly #cli: CLI;
  #isReady = Promise.withResolvers<void>();

  constructor(commands: ConsoleCommands) {
    this.#commands = commands;
    const prompts = new Writable({
      write: (_, __, done) => {
        this.#isReady.resolve();
        done();
      },
    });
    this.#cli = new CLI({ input: this.#lines, output: prompts, quietBlank: true }).addCommands(commands)
      .show();
  }

  /** Resolves when the command has been carried out. Throws UsageError when the line is none. */
  async run(line: string): Promise<void> {
    const words = wordsOf(line);
    if (words.length === 0 || words[0]!.startsWith("#")) return;
    // In quotes cliffy leaves a word as it is, such as an address with colons, which it would else take apart.
    const quoted = inFull(words, this.#commands).map((word) => `"${word}"`).join(" ");
    await this.#isReady.promise;
    this.#isReady = Promise.withResolvers();
    this.#lines.write(`${quoted}\n`);
    await this.#isReady.promise;
  }

  close(): void {
    this.#cli.hide();
    this.#lines.end();
  }
}
