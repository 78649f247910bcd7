/**
 * The probe `exec`: a command of the operator's, whose status 0 is health. It reaches the cluster address at this backend on a port of
 * the loopback interface, behind which a proxy has a connection of our own for each of the command's. The proxy always accepts, so
 * the port is probed by `tcp` before, and the command runs only when it is open.
 */

import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { reapAll } from "../device/orphans.ts";
import { formatCommand, run } from "../system/programs.ts";
import type { Attempt, Begin, Ended, Failure, Means, Question } from "./attempt.ts";
import { tcpProbe } from "./tcp_probe.ts";
import { TcpStream } from "./tcp_stream.ts";

const LOOPBACK = "127.0.0.1";
/** Connections of one command at one time: more are closed at once. */
const MOST_CONNECTIONS = 16;
/** Octets of what the command prints that are kept. */
const MOST_OUTPUT = 1024;

export const execProbe: Begin = (question, means, ended) => {
  const trial = new Trial(question, means, ended);
  if (question.port === 0) {
    trial.start();
    return trial;
  }
  let isOver = false;
  const before = tcpProbe(question, means, (failure) => {
    isOver = true;
    if (failure === undefined) trial.start();
    else ended(failure);
  });
  if (before === undefined) return undefined;
  return { giveUp: () => isOver ? trial.giveUp() : before.giveUp() } satisfies Attempt;
};

/** The command and its proxy, until it has ended. */
class Trial implements Attempt {
  readonly #question: Question;
  readonly #means: Means;
  readonly #ended: Ended;
  readonly #words: string;
  readonly #stop = new AbortController();
  readonly #open = new Set<{ destroy(): unknown }>();
  #proxy: Server | undefined;
  #isOver = false;

  constructor(question: Question, means: Means, ended: Ended) {
    this.#question = question;
    this.#means = means;
    this.#ended = ended;
    this.#words = formatCommand(question.probe.command ?? []);
  }

  start(): void {
    if (this.#question.port === 0) return void this.#run({});
    this.#proxy = createServer((socket) => this.#connect(socket));
    this.#proxy.on("error", (error) => this.#end(this.#failure(`cannot be given a port: ${error.message}`)));
    this.#proxy.listen(0, LOOPBACK, () => {
      const { port } = this.#proxy!.address() as AddressInfo;
      void this.#run({ ONEIP_PROXY_ADDRESS: LOOPBACK, ONEIP_PROXY_PORT: String(port) });
    });
  }

  giveUp(): Failure {
    this.#close();
    return this.#failure("has not ended");
  }

  async #run(proxy: Readonly<Record<string, string>>): Promise<void> {
    if (this.#isOver) return;
    const { probe, way, port, backend } = this.#question;
    const env = {
      ONEIP_CLUSTER: backend.cluster,
      ONEIP_BACKEND: backend.name,
      ONEIP_BACKEND_ADDRESS: backend.address,
      ONEIP_CLUSTER_ADDRESS: way.to,
      ...(port === 0 ? {} : { ONEIP_PORT: String(port) }),
      ...proxy,
    };
    try {
      const { status, stdout, stderr } = await run(probe.command ?? [], {
        env,
        signal: this.#stop.signal,
        ownGroup: true,
        groupEnded: (group) => reapAll(group, this.#means.clock),
        mostOutput: MOST_OUTPUT,
      });
      const printed = (stderr.trim() || stdout.trim()).split("\n").at(-1)!;
      this.#end(
        status === 0
          ? undefined
          : this.#failure(`ended with status ${status}${printed === "" ? "" : ` and said "${printed}"`}`),
      );
    } catch (error) {
      this.#end(this.#failure(`cannot be run: ${(error as Error).message}`));
    }
  }

  #connect(socket: Socket): void {
    const { way, port } = this.#question;
    const stream = this.#open.size < 2 * MOST_CONNECTIONS
      ? TcpStream.connect(this.#means, way, port)
      : undefined;
    if (stream === undefined) return void socket.destroy();
    for (const [one, other] of [[socket, stream], [stream, socket]] as const) {
      this.#open.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        this.#open.delete(one);
        other.destroy();
      });
    }
    socket.pipe(stream).pipe(socket);
  }

  #failure(what: string): Failure {
    return { reason: `the command "${this.#words}" for it ${what}`, fault: null };
  }

  #end(failure: Failure | undefined): void {
    if (this.#isOver) return;
    this.#close();
    this.#ended(failure);
  }

  #close(): void {
    this.#isOver = true;
    this.#stop.abort();
    this.#proxy?.close();
    for (const one of this.#open) one.destroy();
  }
}
