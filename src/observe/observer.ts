/** Sees what the nodes of a lab send and receive: program.ts, and how it is asked. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import type { Lab } from "../lab/lab.ts";
import { runOwn } from "../system/installation.ts";
import type { Mark, Observed, ObservedNode, Question, Saved } from "./protocol.ts";

/** One is enough for a lab. It goes with the lab, since it runs in a node of it. */
const OBSERVERS = new WeakMap<Lab, Promise<Observer>>();

export class Observer {
  readonly #child: ChildProcess;
  /** Who waits for an answer, in the order of the questions. */
  readonly #waiting: {
    readonly resolve: (line: string) => void;
    readonly reject: (reason: Error) => void;
  }[] = [];
  #said = "";
  #ended: Error | undefined;

  /** That of a lab, which sees from now on if there was none yet. */
  static of(lab: Lab): Promise<Observer> {
    const known = OBSERVERS.get(lab);
    if (known !== undefined) return known;
    const opening = Observer.#open(lab);
    OBSERVERS.set(lab, opening);
    return opening;
  }

  static async #open(lab: Lab): Promise<Observer> {
    const nodes: ObservedNode[] = lab.topology.nodes.map(({ name, interfaces }) => ({
      path: `/run/netns/${lab.node(name).namespace}`,
      interfaces: interfaces.map((one) => ({ node: name, interface: one.name })),
    }));
    const [first] = lab.topology.nodes;
    // The words may have marks of a shell.
    const script = `exec ${runOwn("observe/program")} "$1"`;
    const observer = new Observer(
      lab.node(first!.name).command(["sh", "-c", script, "sh", JSON.stringify(nodes)]),
    );
    await observer.#answer(); // It sees from here on.
    return observer;
  }

  private constructor([program = "", ...args]: readonly string[]) {
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    const { stdin, stdout, stderr } = this.#child;
    stdin!.on("error", () => {}); // It has ended, as is found below.
    stderr!.setEncoding("utf8").on("data", (text: string) => this.#said += text);
    createInterface({ input: stdout! }).on("line", (line) => {
      this.#waiting.shift()?.resolve(line);
      if (this.#waiting.length === 0) this.#keepsUsRunning(false);
    });
    once(this.#child, "close").then(
      ([status, signal]) => {
        const how = signal === null ? `with status ${status}` : `by ${signal}`;
        this.#end(new Error(`What sees the frames of the lab has ended ${how}. ${this.#said.trim()}`.trim()));
      },
      (error: Error) => this.#end(error),
    );
  }

  /** This moment. */
  async mark(): Promise<Mark> {
    return await this.#ask({ mark: true }) as Mark;
  }

  /** What tells of connections, echoes, errors and claims, since then. */
  async since(mark: Mark): Promise<Observed> {
    return await this.#ask({ since: mark }) as Observed;
  }

  /** From now on every frame is kept, for `save`. */
  async capture(): Promise<void> {
    await this.#ask({ capture: true });
  }

  /** Writes all frames since then into a file, as pcapng, with their interfaces as `NODE:INTERFACE`. It must have begun to capture before. */
  async save(file: string, mark: Mark): Promise<Saved> {
    return await this.#ask({ since: mark, saveTo: file }) as Saved;
  }

  async #ask(question: Question): Promise<unknown> {
    const answer = this.#answer();
    this.#child.stdin!.write(`${JSON.stringify(question)}\n`);
    return JSON.parse(await answer);
  }

  #answer(): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#waiting.push({ resolve, reject });
    this.#keepsUsRunning(true);
    if (this.#ended !== undefined) this.#end(this.#ended);
    return promise;
  }

  #end(reason: Error): void {
    this.#ended = reason;
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
  }

  /** Our process waits for it only while it owes an answer. */
  #keepsUsRunning(itDoes: boolean): void {
    const { stdin, stdout, stderr } = this.#child;
    for (const one of [this.#child, ...[stdin, stdout, stderr] as unknown as Socket[]]) {
      if (itDoes) one.ref();
      else one.unref();
    }
  }
}
