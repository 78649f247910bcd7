/** A program that a test starts on a node of a lab, besides those of the topology, and what it prints. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type LabNode, until } from "oneip";

export class Program {
  readonly #child: ChildProcess;
  output = "";

  constructor(node: LabNode, ...words: readonly string[]) {
    const [command = "", ...args] = node.command(words);
    this.#child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.on("data", (octets: Buffer) => this.output += octets.toString());
    }
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async says(text: string): Promise<void> {
    await until(() => `it says "${text}"; it said:\n${this.output}`, () => {
      if (!this.isRunning) throw new Error(`It ended:\n${this.output}`);
      return this.output.includes(text);
    });
  }

  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (!this.isRunning) return;
    const ended = once(this.#child, "exit");
    this.#child.kill(signal);
    await ended;
  }
}
