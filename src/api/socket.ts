/**
 * How commands reach a running dispatcher: a Unix socket, one line of JSON each way (contract.ts says what may stand in it).
 *
 *     > {"command": "technique", "input": {"technique": "broadcast"}}
 *     < {"output": [...]}        or        {"error": "There is no cluster \"wbe\"; use web"}
 *
 * Who may write to the socket may command the dispatcher: only its own user.
 */

import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chmodSync, linkSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import * as z from "zod";
import { isLeft } from "../device/handed_descriptors.ts";
import { UsageError } from "../input/errors.ts";
import { namespaceNumber } from "../system/network_namespace.ts";
import {
  type CommandName,
  type Connection,
  CONTRACT,
  type Handlers,
  type Input,
  type Output,
} from "./contract.ts";

const requestSchema = z.strictObject({ command: z.string(), input: z.unknown() });
const responseSchema = z.union([
  z.strictObject({ output: z.unknown() }),
  z.strictObject({ error: z.string() }),
]);

/** Of the dispatcher in this network namespace: each may have its own. */
export function controlPath(): string {
  return process.env.ONEIP_CONTROL ?? `/run/oneip/${namespaceNumber()}.sock`;
}

/** A socket on which commands are heard. */
export interface Listener {
  /** Hears nobody new, and leaves the path to another one. Who is connected stays so. */
  leave(): void;
  /** Ends it at once, whoever is connected. */
  close(): void;
}

/**
 * Listens until it is closed. Throws when another dispatcher listens there, when something else is in its place, or when the
 * socket cannot be made.
 */
export async function listen(path: string, handlers: Handlers): Promise<Listener> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  await clear(path);
  clearTakeovers(path);
  const connected = new Set<Socket>();
  const server = createServer((socket) => {
    connected.add(socket);
    socket.once("close", () => connected.delete(socket));
    void serve(socket, handlers);
  });
  server.listen(path);
  try {
    await once(server, "listening");
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === "EADDRINUSE" ? takenByAnother(path) : error;
  }
  chmodSync(path, 0o600);
  let isListening = true;
  const leave = () => {
    if (isListening) server.close();
    isListening = false;
  };
  return {
    leave,
    close() {
      leave();
      for (const socket of connected) socket.destroy();
    },
  };
}

/** Takes away the socket of a dispatcher that was killed, and nothing else. */
async function clear(path: string): Promise<void> {
  const left = lstatSync(path, { throwIfNoEntry: false });
  if (left === undefined) return;
  if (!left.isSocket()) {
    throw new Error(`${path} exists and is no socket; remove it, or set ONEIP_CONTROL to another path`);
  }
  if (await isAnswered(path)) throw takenByAnother(path);
  // Another start may have put its own socket there since: what is moved away by one is in no other's hands.
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  const { ino, mtimeMs } = lstatSync(aside);
  const isAnothers = ino !== left.ino || mtimeMs !== left.mtimeMs;
  if (isAnothers) linkSync(aside, path);
  rmSync(aside);
  if (isAnothers) throw takenByAnother(path);
}

/** Where the descriptors of a takeover from the dispatcher at `path` go to. */
export function takeoverPath(path: string): string {
  return `${path}.${randomUUID().slice(0, 8)}`;
}

/** Takes away the sockets of takeovers whose process was killed, and nothing else. */
function clearTakeovers(path: string): void {
  const folder = dirname(path);
  const begin = `${basename(path)}.`;
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(begin) || !/^[0-9a-f]{8}$/.test(name.slice(begin.length))) continue;
    if (isLeft(join(folder, name))) rmSync(join(folder, name), { force: true });
  }
}

function takenByAnother(path: string): Error {
  return new Error(`Another dispatcher has ${path}; set ONEIP_CONTROL to another path for this one`);
}

/** Asks the running dispatcher. Throws UsageError when there is none, and with its words when it refuses. */
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
  const lines = linesOf(socket);
  return {
    async ask<N extends CommandName>(command: N, input: Input<N>): Promise<Output<N>> {
      socket.write(`${JSON.stringify({ command, input })}\n`);
      const { done, value: line } = await lines.next();
      if (done) throw new GoneError("The dispatcher ended before it answered");
      const response = responseSchema.parse(JSON.parse(line));
      if ("error" in response) throw new UsageError(response.error);
      return CONTRACT[command].output.parse(response.output) as Output<N>;
    },
    end: () => void socket.destroy(),
  };
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

async function serve(socket: Socket, handlers: Handlers): Promise<void> {
  const connection = { closed: new Promise<void>((resolve) => socket.once("close", () => resolve())) };
  for await (const line of linesOf(socket)) {
    socket.write(`${JSON.stringify(await answer(line, handlers, connection))}\n`);
  }
}

/** Ends with the connection, also when the other side has left in the middle, with something unread (ECONNRESET). */
async function* linesOf(socket: Socket): AsyncGenerator<string, undefined> {
  socket.on("error", () => {});
  try {
    yield* createInterface({ input: socket });
  } catch (error) {
    if (!socket.destroyed) throw error;
  }
  return undefined;
}

async function answer(
  line: string,
  handlers: Handlers,
  connection: Connection,
): Promise<z.input<typeof responseSchema>> {
  try {
    const { command, input } = requestSchema.parse(JSON.parse(line));
    if (!Object.hasOwn(CONTRACT, command)) throw new UsageError(`There is no command "${command}"`);
    return { output: await run(command as CommandName, input, handlers, connection) };
  } catch (error) {
    return { error: error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message };
  }
}

async function run<N extends CommandName>(
  name: N,
  input: unknown,
  handlers: Handlers,
  connection: Connection,
): Promise<Output<N>> {
  const { input: schema, output } = CONTRACT[name];
  return output.parse(await handlers[name](schema.parse(input) as Input<N>, connection)) as Output<N>;
}
