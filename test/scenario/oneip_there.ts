/** The command `oneip` on a node of a lab, in one process for all calls: starting one for each takes longer than most of them do. */

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { LabNode } from "oneip";
import type { Result } from "../../src/system/programs.ts";
import { runTs } from "../runtime.ts";

class OneipProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(node: LabNode) {
    const [program = "", ...args] = node.command(runTs("test/scenario/oneip_process.ts"));
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** One after another. */
  call(args: readonly string[]): Promise<Result> {
    const result = this.#last.then(async () => {
      this.#child.stdin.write(`${JSON.stringify(args)}\n`);
      const { value, done } = await this.#answers.next();
      if (done) throw new Error(`The process that runs oneip has ended, asked for: ${args.join(" ")}`);
      return JSON.parse(value) as Result;
    });
    this.#last = result.catch(() => {});
    return result;
  }
}

/** They end with their lab. */
const processes = new WeakMap<LabNode, OneipProcess>();

export function oneipThere(node: LabNode, ...args: readonly string[]): Promise<Result> {
  const known = processes.get(node) ?? new OneipProcess(node);
  processes.set(node, known);
  return known.call(args);
}

/** What it prints. Throws with its words when it fails. */
export async function printedThere(node: LabNode, ...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await oneipThere(node, ...args);
  if (status !== 0) throw new Error(`oneip ${args.join(" ")} ended with status ${status}: ${stderr}`);
  return stdout;
}
