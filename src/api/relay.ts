/**
 * The API and its page at a port of this machine, for a dispatcher that has only its control socket: each request goes on to the socket.
 * The socket obeys its user alone, but any user and any web page may reach a port. So all but the page itself needs a token, which is made
 * here and is in the address that is printed. It stands behind a `#`, which a browser sends to nobody.
 */

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { Readable } from "node:stream";
import type { ReadableStream as WebStream } from "node:stream/web";
import { Hono } from "hono";
import { UsageError } from "../input/errors.ts";
import { REAL_CLOCK } from "../system/clock.ts";
import { COMMANDS, CONTRACT, PUBLIC_COMMANDS, refused } from "./contract.ts";
import { guarded } from "./guard.ts";
import type { Asked, Bindings } from "./http.ts";
import { Token } from "./keys.ts";
import { LIMITS } from "./limits.ts";
import { serverOf } from "./server.ts";

const HOST = "127.0.0.1";

/** So long a connection may be silent between two requests. */
const SILENT_MS = 10_000;

/** Of a request and of an answer. What else there is concerns one of the two connections only. */
const PASSED_ON = ["accept", "content-length", "content-type", "last-event-id"];
const PASSED_BACK = ["allow", "cache-control", "content-type"];

export interface Relay {
  /** With the token: for whoever may steer. */
  readonly url: string;
  close(): void;
}

/** `socket`: the control socket. `port`: 0 for any free one. Throws UsageError when it cannot be had. */
export async function relay(socket: string, port: number): Promise<Relay> {
  const token = randomBytes(24).toString("base64url");
  const app = guarded(
    passOn(socket),
    () => ({ isLocal: false, keys: { token: new Token(token), tls: undefined } }),
  );
  const server = serverOf(app, REAL_CLOCK, { ...LIMITS, silentMs: SILENT_MS });
  server.listen(port, HOST);
  try {
    await once(server, "listening");
  } catch (error) {
    throw new UsageError(`Cannot listen at ${HOST}:${port}: ${(error as Error).message}; use another port`);
  }
  return {
    url: `http://${HOST}:${(server.address() as AddressInfo).port}/#token=${token}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function passOn(socket: string): Hono<{ Bindings: Bindings }> {
  const app = new Hono<{ Bindings: Bindings }>();
  const agent = new Agent({ keepAlive: true });
  // One dispatcher asks another one by these, over a connection that stays.
  for (const name of COMMANDS.filter((name) => !PUBLIC_COMMANDS.includes(name))) {
    app.all(CONTRACT[name].path, (asked) => asked.json(refused("Only another dispatcher asks that"), 404));
  }
  app.all("*", async (asked) => {
    try {
      return answerOf(await exchange(socket, agent, asked), asked.env.incoming.socket);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const isGone = code === "ENOENT" || code === "ECONNREFUSED";
      return asked.json(
        refused(isGone ? `No dispatcher runs at ${socket}` : `The dispatcher does not answer: ${message}`),
        502,
      );
    }
  });
  return app;
}

async function exchange(socketPath: string, agent: Agent, { req }: Asked): Promise<IncomingMessage> {
  const { pathname, search } = new URL(req.url);
  const headers = Object.fromEntries(PASSED_ON.flatMap((name) => {
    const value = req.header(name);
    return value === undefined ? [] : [[name, value]];
  }));
  const sent = request({ socketPath, agent, method: req.method, path: pathname + search, headers });
  const answered = once(sent, "response") as Promise<[IncomingMessage]>;
  if (req.raw.body === null) sent.end();
  else Readable.fromWeb(req.raw.body as WebStream).on("error", () => sent.destroy()).pipe(sent);
  const [response] = await answered;
  sent.on("error", () => {}); // It has answered before it had read all.
  return response;
}

function answerOf(response: IncomingMessage, asker: Socket): Response {
  const headers = new Headers();
  for (const name of PASSED_BACK) {
    const value = response.headers[name];
    if (typeof value === "string") headers.set(name, value);
  }
  const parts = response[Symbol.asyncIterator]() as AsyncIterator<Uint8Array<ArrayBuffer>>;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      try {
        const { done, value } = await parts.next();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch {
        // The dispatcher has ended in the middle of its answer: so does the connection of who asked.
        asker.destroy();
        controller.close();
      }
    },
    cancel: () => void response.destroy(),
  });
  return new Response(body, { status: response.statusCode!, headers });
}
