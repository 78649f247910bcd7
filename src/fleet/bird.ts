/** BIRD at its control socket: one question after another, each answered within a time. Whatever is wrong ends the connection. */

import { connect, type Socket } from "node:net";
import type { Clock } from "../system/clock.ts";
import { within } from "../system/within.ts";
import { NonsenseError, type ReplyLine, ReplyReader } from "./bird_reply.ts";

/** BIRD answers in less than a millisecond, while it reads a large table in some hundred. */
export const ANSWER_MS = 2000;

const WELCOME = 1;
/** From this code on it refuses. */
const FIRST_REFUSAL = 8000;

/** What has gone wrong, in the words of who asks. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such socket: is BIRD running?",
  ECONNREFUSED: "nobody listens there: is BIRD running?",
  EACCES:
    "this process may not write to it: start the dispatcher after BIRD, or as a user in the group of the socket",
};

/** BIRD does not do what it was asked. */
export class RefusedError extends Error {
  override name = "RefusedError";
  readonly code: number;

  constructor(command: string, { code, text }: ReplyLine) {
    super(`BIRD refuses "${command}": ${text} (${code})`);
    this.code = code;
  }
}

export class Bird {
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #reader = new ReplyReader();
  #awaited: PromiseWithResolvers<ReplyLine[]> | undefined;
  /** Why it has ended. */
  #ended: Error | undefined;

  /** Resolves when BIRD has greeted. Throws with the reason when it does not. */
  static async at(path: string, clock: Clock): Promise<Bird> {
    const bird = new Bird(connect({ path }), clock);
    const [greeting] = await bird.#reply();
    if (greeting?.code === WELCOME) return bird;
    throw bird.#end(new NonsenseError(`"${greeting?.text ?? ""}" is no greeting of BIRD's`));
  }

  private constructor(socket: Socket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => this.#heard(text));
    socket.on(
      "error",
      (error: NodeJS.ErrnoException) => this.#end(new Error(REASONS[error.code ?? ""] ?? error.message)),
    );
    socket.on("close", () => this.#end(new Error("BIRD has closed the connection")));
    // It must not keep the process from ending.
    socket.unref();
  }

  /** One command at a time. Throws RefusedError, or with the reason why there is no answer; then it is over. */
  async ask(command: string): Promise<ReplyLine[]> {
    if (this.#ended !== undefined) throw this.#ended;
    this.#socket.write(`${command}\n`, "latin1");
    const reply = await this.#reply();
    const refusal = reply.find(({ code }) => code >= FIRST_REFUSAL);
    if (refusal !== undefined) throw new RefusedError(command, refusal);
    return reply;
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  end(): void {
    this.#end(new Error("The connection to BIRD was closed"));
  }

  #heard(text: string): void {
    try {
      for (const reply of this.#reader.add(text)) {
        if (this.#awaited === undefined) throw new NonsenseError("it answers what nobody has asked");
        this.#awaited.resolve(reply);
        this.#awaited = undefined;
      }
    } catch (error) {
      this.#end(error as Error);
    }
  }

  async #reply(): Promise<ReplyLine[]> {
    const awaited = this.#awaited = Promise.withResolvers<ReplyLine[]>();
    try {
      return await within(
        this.#clock,
        ANSWER_MS,
        awaited.promise,
        `it has not answered for ${ANSWER_MS / 1000} s`,
      );
    } catch (error) {
      throw this.#end(error as Error);
    }
  }

  #end(error: Error): Error {
    this.#ended ??= error;
    this.#awaited?.reject(this.#ended);
    this.#socket.destroy();
    return this.#ended;
  }
}
