/** One request on a connection of its own, as a client with this address would send it. */

import { connect, createServer } from "node:net";
import { once } from "node:events";
import { UsageError } from "../input/errors.ts";
import { AnswerReader, type Judgement } from "./answer.ts";
import type { Target } from "./target.ts";

export interface Question {
  readonly target: Target;
  /** The client's address; null leaves it to the machine. */
  readonly client: string | null;
  /** That names the backend. */
  readonly header: string;
}

/** What the kernel says, in words. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refused",
  ECONNRESET: "reset",
  EPIPE: "reset",
  EHOSTUNREACH: "host unreachable",
  ENETUNREACH: "network unreachable",
  EACCES: "prohibited",
  ETIMEDOUT: "no answer",
  EADDRNOTAVAIL: "no free port on this machine",
  EMFILE: "too many open files on this machine",
};

/** Calls `ended` once, unless it is given up before: the function that does so says what was lacking. */
export function ask(question: Question, ended: (judgement: Judgement) => void): () => string {
  const { target: { address, port, path }, client, header } = question;
  const host = address.includes(":") ? `[${address}]` : address;
  const reader = new AnswerReader(header);
  let isConnected = false;
  let isOver = false;
  const socket = connect({ host: address, port, ...(client === null ? {} : { localAddress: client }) });
  const end = (judgement: Judgement) => {
    if (isOver) return;
    isOver = true;
    socket.destroy();
    ended(judgement);
  };
  socket.on("connect", () => {
    isConnected = true;
    const authority = port === 80 ? host : `${host}:${port}`;
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${authority}\r\nUser-Agent: oneip-watch\r\nConnection: close\r\n\r\n`,
    );
  });
  socket.on("data", (chunk: Uint8Array) => {
    const judgement = reader.add(chunk);
    if (judgement !== undefined) end(judgement);
  });
  socket.on("error", (error: NodeJS.ErrnoException) => {
    end({ failure: REASONS[error.code ?? ""] ?? error.message });
  });
  socket.on("close", () => end(reader.end()));
  return () => {
    isOver = true;
    socket.destroy();
    return isConnected ? "connected, but no whole answer" : "no answer";
  };
}

/** Throws UsageError for an address that this machine cannot send from. */
export async function requireOwn(client: string): Promise<void> {
  const server = createServer();
  server.listen({ host: client, port: 0 });
  try {
    await once(server, "listening");
  } catch (error) {
    throw new UsageError(
      `This machine cannot send from ${client} (${
        (error as Error).message
      }); give --from addresses of its own`,
    );
  }
  server.close();
}
