/** A connection that a client holds, with a request on it again and again: curl on a node, which takes a new one when it is cut. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { until } from "../system/until.ts";
import { urlOf, type View } from "./view.ts";

/** A request that went another way than the ones before it. */
export interface Cut {
  readonly client: string;
  /** Of the connection that was held. */
  readonly port: number;
  /** Why its request was not answered at all; undefined when it was, over a new connection. */
  readonly failure: string | undefined;
}

const RATE = "10/s";
/** Requests, each with another query, which curl counts; more than anybody waits for. */
const ENDLESS = "[1-1000000000]";

/** client port connections status says-close failure: to the error output, which curl holds back nothing of. */
const REPORT =
  "%{stderr}%{local_ip} %{local_port} %{num_connects} %{exitcode} %header{connection} %{errormsg}\\n";

export class HeldConnection {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #withinMs: number;
  /** Where it was cut so far. */
  readonly cuts: Cut[] = [];
  #answered = 0;
  #client: string;
  #port = 0;
  /** The server wants to end it after this answer. */
  #isEnding = false;

  /** Begins to hold one from an address; an empty one is for the machine to choose. */
  constructor(view: View, from: string) {
    const url = urlOf(view).replace(/[[\]{}]/g, "\\$&");
    const [program = "", ...args] = view.client.command([
      "curl",
      "--silent",
      "--rate",
      RATE,
      "--max-time",
      String(view.withinMs / 1000),
      ...(from === "" ? [] : ["--interface", from]),
      "--output",
      "/dev/null",
      "--write-out",
      REPORT,
      `${url}${url.includes("?") ? "&" : "?"}${ENDLESS}`,
    ]);
    this.#client = from;
    this.#withinMs = view.withinMs;
    this.#child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
    this.#ended = once(this.#child, "close");
    createInterface({ input: this.#child.stderr! }).on("line", (line) => this.#note(line));
  }

  #note(line: string): void {
    const [client = "", port = "", connects, exit, says = "", ...failure] = line.split(" ");
    this.#answered++;
    const isNew = connects !== "0";
    const isAnswered = exit === "0";
    if (this.#port !== 0 && (isNew || !isAnswered) && !this.#isEnding) {
      const reason = isAnswered ? undefined : failure.join(" ");
      this.cuts.push({ client: this.#client, port: this.#port, failure: reason });
    }
    if (isAnswered) {
      this.#client = client;
      this.#port = Number(port);
      this.#isEnding = says.toLowerCase() === "close";
    } else this.#port = 0;
  }

  /** Waits for so many more answers, or failures. */
  async hear(count: number): Promise<void> {
    const wanted = this.#answered + count;
    await until(() => `curl has heard ${count} answers more`, () => {
      const { exitCode, signalCode } = this.#child;
      if (exitCode !== null || signalCode !== null) {
        throw new Error(`curl has ended: ${exitCode ?? signalCode}`);
      }
      return this.#answered >= wanted;
    }, (count + 1) * this.#withinMs);
  }

  async end(): Promise<void> {
    this.#child.kill();
    await this.#ended;
  }
}
