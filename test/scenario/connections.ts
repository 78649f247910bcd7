/** Connections of many clients that are held in their middle: connections_probe.ts on a client's node. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { LabNode } from "oneip";
import { runTs } from "../runtime.ts";
import type { Became } from "./connections_probe.ts";

export class Connections {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  /** `clusters`: the cluster addresses, IPv4 and IPv6; without them those of most labs. */
  constructor(node: LabNode, ...clusters: readonly string[]) {
    const [command = "", ...args] = node.command([
      ...runTs("test/scenario/connections_probe.ts"),
      ...clusters,
    ]);
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** Opens four for each of these, and holds them in their middle. How many are held. Fails when one of them fails. */
  open(some: readonly string[]): Promise<number> {
    return this.#say(`open ${some.join(",")}`) as Promise<number>;
  }

  /** Lets all go on to their end. */
  goOn(): Promise<Became[]> {
    return this.#say("go") as Promise<Became[]>;
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    // Connections that a test has left open would keep it.
    this.#child.kill();
    await ended;
  }

  async #say(line: string): Promise<unknown> {
    this.#child.stdin!.write(`${line}\n`);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`What holds the connections has ended, and did not answer "${line}"`);
    const answer = JSON.parse(value as string) as unknown;
    if (typeof answer === "string") throw new Error(answer);
    return answer;
  }
}
