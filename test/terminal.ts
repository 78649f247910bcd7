/**
 * A terminal as a person has one, by tmux: keys go in, and the screen can be read. tmux runs in control mode (tmux(1)), in which one
 * process takes commands and says when something has been drawn, so that nothing is asked in vain.
 */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { within } from "../src/system/within.ts";
import { REAL_CLOCK } from "../src/system/clock.ts";
import { ROOT } from "./runtime.ts";

/** Only a hang takes longer. */
const LONGEST_MS = 60_000;

let opened = 0;

export class Terminal {
  readonly #tmux: ChildProcessWithoutNullStreams;
  readonly #answers: { resolve(lines: string[]): void; reject(error: Error): void }[] = [];
  #drawn = Promise.withResolvers<void>();

  /** With a shell, whose prompt is `$ `. */
  static async open(columns: number, rows: number, env: Readonly<Record<string, string>>): Promise<Terminal> {
    const terminal = new Terminal(columns, rows, env);
    // Whatever becomes of the test, it ends with its only client.
    await terminal.#ask("set-option -g exit-unattached on");
    await terminal.#ask(`set-option -g window-size manual`);
    await terminal.resize(columns, rows);
    await terminal.until((screen) => screen.startsWith("$"));
    return terminal;
  }

  private constructor(columns: number, rows: number, env: Readonly<Record<string, string>>) {
    const server = `oneip-test-${process.pid}-${++opened}`;
    const words = ["-L", server, "-f", "/dev/null", "-u", "-C", "new-session"];
    this.#tmux = spawn("tmux", [...words, "-x", `${columns}`, "-y", `${rows}`, "env PS1='$ ' sh"], {
      cwd: ROOT,
      env: { ...process.env, NO_COLOR: undefined, TMUX: undefined, LC_ALL: "C.UTF-8", TERM: "xterm", ...env },
    });
    let answer: string[] | undefined = undefined as string[] | undefined;
    let isFirst = true;
    createInterface({ input: this.#tmux.stdout }).on("line", (line) => {
      if (line.startsWith("%begin ")) answer = [];
      else if (/^%(end|error) /.test(line)) {
        // The first one answers new-session.
        const asked = isFirst ? undefined : this.#answers.shift();
        isFirst = false;
        if (line.startsWith("%end ")) asked?.resolve(answer ?? []);
        else asked?.reject(new Error(`tmux: ${answer?.join("\n")}`));
        answer = undefined;
      } else if (answer !== undefined) answer.push(line);
      else if (line.startsWith("%output ")) this.#changed();
    });
    this.#tmux.on("exit", () => {
      for (const { reject } of this.#answers.splice(0)) reject(new Error("tmux has ended"));
    });
  }

  /** Text as it is typed. */
  async type(text: string): Promise<void> {
    await this.#ask(`send-keys -l -- '${text}'`);
  }

  /** By tmux's names, such as `Enter`, `Tab`, `Up` or `C-c`. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.#ask(`send-keys -- ${keys.join(" ")}`);
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#ask(`resize-window -x ${columns} -y ${rows}`);
  }

  /** What stands there, with the sequences of colours when they are wanted. */
  async screen(isPainted = false): Promise<string> {
    return (await this.#ask(`capture-pane -p${isPainted ? "e" : ""}`)).join("\n").trimEnd();
  }

  /** Is a program on the other screen, and is there a cursor? */
  async modes(): Promise<{ alternate: boolean; cursor: boolean }> {
    const [alternate, cursor] = (await this.#ask("display-message -p '#{alternate_on} #{cursor_flag}'"))[0]!
      .split(" ");
    return { alternate: alternate === "1", cursor: cursor === "1" };
  }

  /** The process that the shell has started and waits for. */
  async program(): Promise<number> {
    const shell = (await this.#ask("display-message -p '#{pane_pid}'"))[0];
    return Number(readFileSync(`/proc/${shell}/task/${shell}/children`, "utf8"));
  }

  /** Resolves with the first screen of which this is true. */
  async until(condition: (screen: string) => boolean): Promise<string> {
    let screen = "";
    const found = (async () => {
      for (;;) {
        this.#drawn = Promise.withResolvers();
        screen = await this.screen();
        if (condition(screen)) return screen;
        await this.#drawn.promise;
      }
    })();
    try {
      return await within(REAL_CLOCK, LONGEST_MS, found, "in vain");
    } catch (error) {
      throw new Error(`Waited ${(error as Error).message} for ${condition}. The screen:\n${screen}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#tmux.exitCode !== null) return;
    const ended = once(this.#tmux, "exit");
    this.#tmux.stdin.end("kill-server\n");
    await ended;
  }

  #changed(): void {
    this.#drawn.resolve();
  }

  #ask(command: string): Promise<string[]> {
    return new Promise((resolve, reject) => {
      this.#answers.push({ resolve, reject });
      this.#tmux.stdin.write(`${command}\n`);
    });
  }
}
