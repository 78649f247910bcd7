/** Asks a running dispatcher, by HTTP over its Unix socket (contract.ts says what). */

import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { UsageError } from "../input/errors.ts";
import { Agent, request } from "../system/http.ts";
import { namespaceNumber } from "../system/network_namespace.ts";
import { type CommandName, CONTRACT, type Input, namesIn, type Output, refusal } from "./contract.ts";

/** Of the dispatcher in this network namespace: each may have its own. */
export function controlPath(): string {
  return process.env.ONEIP_CONTROL ?? `/run/oneip/${namespaceNumber()}.sock`;
}

/** Where the descriptors of a takeover from the dispatcher at `path` go to. */
export function takeoverPath(path: string): string {
  return `${path}.${randomUUID().slice(0, 8)}`;
}

/** Asks one thing. Throws UsageError when no dispatcher runs, and with its words when it refuses. */
export async function ask<N extends CommandName>(
  path: string,
  command: N,
  input: Input<N>,
): Promise<Output<N>> {
  const conversation = await converse(path);
  try {
    return await conversation.ask(command, input);
  } finally {
    conversation.end();
  }
}

/** The dispatcher has ended, or has ended the connection. */
export class GoneError extends Error {
  override name = "GoneError";
}

/** Several questions, one after another, on one connection. */
export interface Conversation {
  /** Throws UsageError with the dispatcher's words when it refuses. */
  ask<N extends CommandName>(command: N, input: Input<N>): Promise<Output<N>>;
  end(): void;
}

/** Throws UsageError when no dispatcher runs. */
export async function converse(path: string): Promise<Conversation> {
  const agent = await OneConnection.to(path);
  return { ask: (command, input) => askBy(agent, command, input), end: () => agent.end() };
}

/** What comes as long as the dispatcher, or `end`, lets it. It throws GoneError when the dispatcher has ended in the middle. */
export interface Stream {
  readonly octets: AsyncIterable<Uint8Array>;
  end(): void;
}

/** Asks at another path than those of commands, with a body. Throws UsageError when no dispatcher runs, or when it refuses. */
export async function askForStream(path: string, target: string, body: object): Promise<Stream> {
  const agent = await OneConnection.to(path);
  try {
    const response = await respond(agent, "POST", target, JSON.stringify(body));
    if (response.statusCode !== 200) throw refusedBy(await textOf(response));
    return { octets: octetsOf(response), end: () => agent.end() };
  } catch (error) {
    agent.end();
    throw error;
  }
}

async function* octetsOf(response: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    yield* response;
  } catch {
    // Its connection has ended.
  }
  if (!response.complete) throw new GoneError("The dispatcher has ended");
}

/** Does a dispatcher listen there? */
export async function isAnswered(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Who has taken the dispatcher's place since must not be told what was meant for it. */
class OneConnection extends Agent {
  readonly #socket: Socket;
  /** Rejects with GoneError when it has ended. */
  readonly ended: Promise<never>;

  /** Throws UsageError when nobody listens there. */
  static async to(path: string): Promise<OneConnection> {
    const socket = connect(path);
    try {
      await once(socket, "connect");
    } catch (error) {
      const why = (error as NodeJS.ErrnoException).code === "EACCES"
        ? "this user may not"
        : "no dispatcher runs";
      throw new UsageError(
        `Cannot ask the dispatcher at ${path}: ${why}; run it with "oneip run", in this network namespace, as this user`,
      );
    }
    socket.on("error", () => {}); // Then no answer comes.
    return new OneConnection(socket);
  }

  private constructor(socket: Socket) {
    super({ keepAlive: true, maxSockets: 1 });
    this.#socket = socket;
    this.ended = once(socket, "close").then(() => {
      throw new GoneError("The dispatcher ended before it answered");
    });
    this.ended.catch(() => {}); // Whoever waits for it hears of it; nobody must.
  }

  end(): void {
    this.destroy();
    this.#socket.destroy();
  }

  override createConnection(
    _: unknown,
    created?: (error: Error | null, socket: Duplex) => void,
  ): Socket | undefined {
    if (!this.#socket.destroyed) return this.#socket;
    created?.(new GoneError("The dispatcher has ended the connection"), this.#socket);
    return undefined;
  }
}

async function askBy<N extends CommandName>(
  agent: OneConnection,
  command: N,
  input: Input<N>,
): Promise<Output<N>> {
  const { status, text } = await exchange(agent, command, input as Readonly<Record<string, unknown>>);
  if (status === 200) return CONTRACT[command].output.parse(JSON.parse(text)) as Output<N>;
  throw refusedBy(text);
}

/** In the dispatcher's words. */
function refusedBy(text: string): UsageError {
  const { message, remedy } = refusal.parse(JSON.parse(text)).error;
  return new UsageError(remedy === undefined ? message : `${message}; ${remedy}`);
}

async function exchange(
  agent: OneConnection,
  command: CommandName,
  input: Readonly<Record<string, unknown>>,
) {
  const { method, path } = CONTRACT[command];
  const inPath = namesIn(path);
  const rest = Object.entries(input).filter(([name, value]) => !inPath.includes(name) && value !== undefined);
  const target = path.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(input[name])));
  const query = method === "get" && rest.length > 0
    ? `?${new URLSearchParams(rest as [string, string][])}`
    : "";
  const body = method === "get" ? "" : JSON.stringify(Object.fromEntries(rest));
  const response = await respond(agent, method.toUpperCase(), target + query, body);
  return { status: response.statusCode, text: await textOf(response) };
}

/** `body`: JSON, or empty. */
async function respond(
  agent: OneConnection,
  method: string,
  path: string,
  body: string,
): Promise<IncomingMessage> {
  const headers = body === "" ? {} : {
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(body)),
  };
  try {
    const sent = request({ agent, method, path, headers }).end(body);
    sent.on("error", () => {}); // Of a connection that ends, which `ended` says.
    const [response] = await Promise.race([once(sent, "response"), agent.ended]) as [IncomingMessage];
    return response;
  } catch (error) {
    throw goneBy(error);
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const octets: Uint8Array[] = [];
  try {
    for await (const part of response) octets.push(part);
  } catch (error) {
    throw goneBy(error);
  }
  return Buffer.concat(octets).toString();
}

function goneBy(error: unknown): Error {
  if ((error as NodeJS.ErrnoException).code?.startsWith("HPE_")) {
    return new UsageError("The running dispatcher is of another version: stop it, and start this one");
  }
  return new GoneError("The dispatcher ended before it answered");
}
