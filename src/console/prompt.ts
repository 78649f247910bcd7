/** The prompt on a terminal: Tab completes, `?` says what could come next, arrows bring earlier lines, Ctrl-C clears, Ctrl-D leaves. */

import { createInterface, type Interface } from "node:readline";
import type { ReadStream, WriteStream } from "node:tty";
import { type History, MOST_LINES } from "./history.ts";

export interface PromptMeans {
  readonly input: ReadStream;
  readonly output: WriteStream;
  readonly history: History;
  /** As it is now. */
  prompt(): string;
  /** What could stand in the place of the last word, which may be empty. */
  next(line: string): Promise<readonly (readonly [word: string, description: string])[]>;
  /** Carries out a line. */
  run(line: string): Promise<void>;
  /** The line that is being carried out takes too long for whoever waits. */
  interrupt(): void;
}

export class Prompt {
  readonly #means: PromptMeans;
  readonly #readline: Interface;
  /** Resolves when somebody has left. */
  readonly closed: Promise<void>;
  readonly #lines: string[] = [];
  #isRunning = false;
  #isClosed = false;

  constructor(means: PromptMeans) {
    this.#means = means;
    const { input, output, history } = means;
    this.#readline = createInterface({
      input,
      output,
      terminal: true,
      prompt: means.prompt(),
      history: history.read(),
      historySize: MOST_LINES,
      removeHistoryDuplicates: true,
      completer: (line: string, done: (error: null, result: [string[], string]) => void) => {
        void means.next(line).then((words) => {
          done(null, [words.map(([word]) => `${word} `), /\S*$/.exec(line)![0]]);
        });
      },
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#readline.on("close", () => {
      this.#isClosed = true;
      resolve();
    });
    this.#readline.on("line", (line) => {
      history.add(line);
      this.#lines.push(line);
      void this.#work();
    });
    this.#readline.on("SIGINT", () => this.#clear());
    input.on("keypress", this.#pressed);
    this.#show();
  }

  close(): void {
    this.#means.input.off("keypress", this.#pressed);
    this.#readline.close();
  }

  /** Above the line that is being typed. */
  say(text: string): void {
    if (this.#isClosed) return;
    this.#means.output.write(`\r\x1b[K${text}\n`);
    if (!this.#isRunning) this.#show();
  }

  /** Below it, and the line once more. */
  #help(words: readonly (readonly [word: string, description: string])[]): void {
    if (this.#isClosed) return;
    this.#means.output.write(`?\n${listOf(words)}\n`);
    this.#show();
  }

  /** One after another, also when several lines come at once. */
  async #work(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    for (let line = this.#lines.shift(); line !== undefined && !this.#isClosed; line = this.#lines.shift()) {
      await this.#means.run(line);
    }
    this.#isRunning = false;
    if (!this.#isClosed) this.#show();
  }

  #show(): void {
    this.#readline.setPrompt(this.#means.prompt());
    this.#readline.prompt(true);
  }

  #clear(): void {
    this.#means.output.write("^C\n");
    this.#lines.length = 0;
    // The rest of the line, then what stands before it.
    this.#readline.write(null, { ctrl: true, name: "k" });
    this.#readline.write(null, { ctrl: true, name: "u" });
    if (this.#isRunning) this.#means.interrupt();
    else this.#show();
  }

  readonly #pressed = (text: string | undefined): void => {
    if (text !== "?" || this.#isRunning) return;
    this.#readline.write(null, { name: "backspace" }); // readline has taken it for a part of the line.
    const line = this.#readline.line.slice(0, this.#readline.cursor);
    void this.#means.next(line).then((words) => this.#help(words));
  };
}

/** A line each. */
export function listOf(words: readonly (readonly [word: string, description: string])[]): string {
  const width = Math.max(0, ...words.map(([word]) => word.length));
  return words.length === 0
    ? "  nothing that is known"
    : words.map(([word, description]) => `  ${word.padEnd(width)}  ${description}`.trimEnd()).join("\n");
}
