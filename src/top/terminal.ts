/**
 * A terminal as a screen that is drawn anew: what stood there before is on another screen meanwhile, and comes back, whatever ends the
 * program. The codes are those of xterm, which all terminals of today know.
 */

import { writeSync } from "node:fs";
import { emitKeypressEvents, type Key } from "node:readline";
import type { ReadStream, WriteStream } from "node:tty";
import type { Size } from "./screen.ts";

/** The other screen, without a cursor. */
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J";
const LEAVE = "\x1b[?25h\x1b[?1049l";

/** What signals end a program on a terminal, and the statuses that shells know for it. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

export interface TerminalEvents {
  /** As node:readline names them; with `ctrl-` before those with Ctrl. */
  pressed(key: string): void;
  resized(): void;
  /** By a signal, or because nobody is there any more. */
  ended(status: number): void;
}

export class Terminal {
  readonly #input: ReadStream;
  readonly #output: WriteStream;
  readonly #undo: (() => void)[] = [];
  /** What stands there, by row. */
  #drawn: readonly string[] = [];
  /** The terminal has not taken all of the last drawing. */
  #isBusy = false;
  /** What is to be drawn when it has. */
  #next: readonly string[] | undefined;
  #isOpen = false;

  constructor(input: ReadStream, output: WriteStream) {
    this.#input = input;
    this.#output = output;
  }

  get size(): Size {
    // A terminal that says nothing, or 0, is as large as the first ones were.
    return { columns: this.#output.columns || 80, rows: this.#output.rows || 24 };
  }

  open({ pressed, resized, ended }: TerminalEvents): void {
    const input = this.#input;
    // Also when the program ends by an error that nobody expects, so that the error can be read.
    this.#on(process, "uncaughtExceptionMonitor", () => writeSync(1, LEAVE));
    this.#on(process, "exit", () => writeSync(1, LEAVE));
    for (const [signal, status] of Object.entries(SIGNALS)) this.#on(process, signal, () => ended(status));
    this.#on(this.#output, "resize", () => {
      this.#drawn = [];
      resized();
    });
    this.#on(this.#output, "error", () => ended(SIGNALS.SIGHUP));
    this.#on(input, "end", () => ended(SIGNALS.SIGHUP));
    this.#on(input, "error", () => ended(SIGNALS.SIGHUP));
    emitKeypressEvents(input);
    this.#on(input, "keypress", (text: string | undefined, key: Key) => {
      const name = key.name ?? text ?? "";
      pressed(key.ctrl ? `ctrl-${name}` : name);
    });
    input.setRawMode(true);
    this.#undo.push(() => {
      input.setRawMode(false);
      input.pause();
    });
    this.#isOpen = true;
    this.#output.write(ENTER);
    this.#undo.push(() => this.#output.write(LEAVE));
  }

  /** Everything is as it was. */
  close(): void {
    this.#isOpen = false;
    for (const undo of this.#undo.splice(0).toReversed()) undo();
  }

  /** Sends only what differs from what stands there. Of drawings that a slow terminal has no time for it gets the last one. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    if (this.#isBusy) {
      this.#next = lines;
      return;
    }
    const changed = lines.map((line, row) =>
      line === this.#drawn[row] ? "" : `\x1b[${row + 1};1H\x1b[2K${line}`
    ).join("");
    const text = this.#drawn.length === 0 ? `\x1b[2J${changed}` : changed;
    this.#drawn = lines;
    if (text === "") return;
    this.#isBusy = true;
    this.#output.write(text, () => {
      this.#isBusy = false;
      const next = this.#next;
      this.#next = undefined;
      if (next !== undefined) this.draw(next);
    });
  }

  #on(emitter: NodeJS.EventEmitter, event: string, call: Parameters<NodeJS.EventEmitter["on"]>[1]): void {
    emitter.on(event, call);
    this.#undo.push(() => emitter.off(event, call));
  }
}
