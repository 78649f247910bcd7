/**
 * A backend's service for the labs: HTTP on port 80 and an echo on UDP port 53, both of which say who answered.
 *
 *     $SERVER NAME CLUSTER_ADDRESS...
 *
 *     GET /            NAME
 *     GET /bytes/N     N octets, the same from every backend
 *     PUT /            SHA-256 of what was sent
 */

import { createSocket } from "node:dgram";
import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import module from "node:module";

/** Not imported, for which Node would load its WebSocket and fetch as well: that takes longer than all the rest here. */
const { createServer } = process.getBuiltinModule("node:http");

const [name = "", ...clusterAddresses] = process.argv.slice(2);

const HTTP_PORT = 80;
const ECHO_PORT = 53;

/** A prime, so that no two packets carry the same octets. */
const PATTERN = Uint8Array.from({ length: 65_521 }, (_, index) => index % 251);

// However slow its clients are: none is sent away for its silence.
createServer({ headersTimeout: 0, keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
  response.setHeader("X-Backend", name);
  // A client that goes away in its middle has no answer.
  if (request.method === "PUT") return void sumUp(request, response).catch(() => response.destroy());
  const count = /^\/bytes\/(\d+)$/.exec(request.url ?? "")?.[1];
  if (count === undefined) response.end(`${name}\n`);
  else sendOctets(response, Number(count));
}).listen(HTTP_PORT, "::");

async function sumUp(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const sum = createHash("sha256");
  for await (const chunk of request) sum.update(chunk);
  response.end(`${sum.digest("hex")}\n`);
}

function sendOctets(response: ServerResponse, count: number): void {
  response.setHeader("Content-Length", count);
  let left = count;
  const send = () => {
    while (left > 0) {
      const chunk = PATTERN.subarray(0, left);
      left -= chunk.length;
      if (!response.write(chunk)) return;
    }
    response.end();
  };
  response.on("drain", send);
  send();
}

// Bound to the cluster address: from a socket bound to none, the reply would leave with the primary address.
for (const address of clusterAddresses) {
  const echo = createSocket(address.includes(":") ? "udp6" : "udp4");
  echo.on("message", (text, from) => echo.send(`${name} ${text}`, from.port, from.address));
  echo.bind(ECHO_PORT, address);
}

// It is killed with its lab. Only who ends by itself leaves to the next one what Node has compiled (NODE_COMPILE_CACHE).
module.flushCompileCache?.();
