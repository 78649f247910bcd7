/** The HTTP server below the API: how much it takes from whom, and for how long. */

import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import { refused } from "./contract.ts";
import type { Tls } from "./keys.ts";
import type { Limits } from "./limits.ts";
import type { Clock } from "../system/clock.ts";

/** Those over the limit wait so long for whoever sent them to read why. */
const REFUSAL_MS = 1000;

/** With those that are being refused; whoever comes then is disconnected without a word. */
const MOST_CONNECTIONS = 1024;

/** What answers: an app of Hono. */
interface App {
  readonly fetch: Parameters<typeof getRequestListener>[0];
}

interface ServerLimits extends Limits {
  /** So long a connection may be silent between two requests. */
  readonly silentMs: number;
}

export function serverOf(
  app: App,
  clock: Clock,
  { connections, sendMs, silentMs, tls }: ServerLimits & { readonly tls?: Tls | undefined },
): Server {
  // It replaces the global Request and Response. It must: where a body says no length, Hono's bodyLimit makes a Request of its Request.
  const listener = getRequestListener(app.fetch, { errorHandler: refuseRequest });
  const surplus = new WeakSet<Duplex>();
  const options = {
    requestTimeout: sendMs,
    headersTimeout: sendMs,
    connectionsCheckingInterval: Math.min(1000, sendMs),
    keepAliveTimeout: silentMs,
  };
  const answerIt: RequestListener = (request, response) => {
    if (!surplus.has(request.socket)) void listener(request, response);
  };
  const server = tls === undefined ? createServer(options, answerIt) : createTlsServer(
    { ...options, cert: tls.certificate, key: tls.key, handshakeTimeout: sendMs },
    answerIt,
  );
  server.maxConnections = MOST_CONNECTIONS;
  let connected = 0;
  server.on(tls === undefined ? "connection" : "secureConnection", (socket: Socket) => {
    socket.once("close", () => connected -= surplus.has(socket) ? 0 : 1);
    if (connected < connections) return void connected++;
    surplus.add(socket);
    answer(socket, 429, refused(`There are ${connections} connections already`, { remedy: "come again" }));
    const timer = clock.after(REFUSAL_MS, () => socket.destroy());
    socket.once("close", () => timer.cancel());
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    // Who does not come to an end with TLS could not read it.
    if (!isOfHttp(error)) return void socket.destroy();
    const [status, message] = whyRefused(error.code, sendMs);
    refuse(socket, status, refused(message));
  });
  server.on("upgrade", (_, socket) => refuse(socket, 400, refused("There is no WebSocket here")));
  return server;
}

/** What cannot be understood as a request, such as one for a host that can be none. */
function refuseRequest(error: unknown): Response {
  return Response.json(refused((error as Error).message), { status: 400, headers: { connection: "close" } });
}

function isOfHttp({ code = "" }: NodeJS.ErrnoException): boolean {
  return code.startsWith("HPE_") || code.startsWith("ERR_HTTP_");
}

function whyRefused(code: string | undefined, sendMs: number): [number, string] {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return [408, `The request took longer than ${sendMs / 1000} s to send`];
  }
  if (code === "HPE_HEADER_OVERFLOW") return [431, "The headers are too large"];
  return [400, "That is no HTTP"];
}

/** Without the API, which has not heard of it. */
function refuse(socket: Duplex, status: number, body: object): void {
  if (!socket.writable) return void socket.destroy();
  answer(socket, status, body, () => socket.destroy());
}

function answer(socket: Duplex, status: number, body: object, sent?: () => void): void {
  const text = JSON.stringify(body);
  socket.on("error", () => {}); // Who asked and left.
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nX-Content-Type-Options: nosniff\r\nContent-Length: ${
      Buffer.byteLength(text)
    }\r\nConnection: close\r\n\r\n${text}`,
    sent,
  );
}
