/**
 * How commands reach a running dispatcher: a Unix socket, one line of JSON each way.
 *
 *     > {"command": "technique", "arguments": {"technique": "broadcast"}}
 *     < {"result": [...]}        or        {"error": "there is no cluster \"wbe\""}
 *
 * Who may write to the socket may command the dispatcher: only its own user.
 */

import { once } from "node:events";
import { chmodSync, mkdirSync, rmSync, statSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { UsageError } from "../input/errors.ts";

/** What a command does with its arguments. What it throws goes back as an error. */
export type Handler = (argument: Readonly<Record<string, unknown>>) => unknown;

/** Of one in this network namespace: namespaces share the file system, and each may have its dispatcher. */
export function controlPath(): string {
  return process.env.ONEIP_CONTROL ?? `/run/oneip/${statSync("/proc/self/ns/net").ino}.sock`;
}

/** Listens until it is closed. Throws when another dispatcher listens there or the socket cannot be made. */
export async function listen(path: string, handlers: Readonly<Record<string, Handler>>): Promise<Server> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (await isAnswered(path)) {
    throw new Error(`Another dispatcher has ${path}; set ONEIP_CONTROL to another path for this one`);
  }
  rmSync(path, { force: true }); // Left by one that was killed.
  const server = createServer((socket) => void serve(socket, handlers));
  server.listen(path);
  await once(server, "listening");
  chmodSync(path, 0o600);
  return server;
}

/** Asks the running dispatcher. Throws UsageError when there is none, and with its words when it refuses. */
export async function ask(path: string, command: string, argument: object = {}): Promise<unknown> {
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
  try {
    socket.write(`${JSON.stringify({ command, arguments: argument })}\n`);
    for await (const line of createInterface({ input: socket })) {
      const answer = JSON.parse(line) as { result?: unknown; error?: string };
      if (answer.error !== undefined) throw new UsageError(answer.error);
      return answer.result;
    }
    throw new Error("The dispatcher ended before it answered");
  } finally {
    socket.destroy();
  }
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

async function serve(socket: Socket, handlers: Readonly<Record<string, Handler>>): Promise<void> {
  socket.on("error", () => {}); // Who asked and left.
  for await (const line of createInterface({ input: socket })) {
    socket.write(`${JSON.stringify(await answer(line, handlers))}\n`);
  }
}

async function answer(line: string, handlers: Readonly<Record<string, Handler>>): Promise<object> {
  try {
    const { command, arguments: argument = {} } = JSON.parse(line) as {
      command: string;
      arguments?: Record<string, unknown>;
    };
    if (!Object.hasOwn(handlers, command)) throw new UsageError(`There is no command "${command}"`);
    return { result: await handlers[command]!(argument) ?? null };
  } catch (error) {
    return { error: (error as Error).message };
  }
}
