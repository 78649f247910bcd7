/**
 * What runs on the machines of death.ts.
 *
 *     death_nodes.ts serve NAME FOLDER          HTTP at 80, HTTPS at 443, DNS at UDP 53, and at UDP 7 an echo that says who it is
 *     death_nodes.ts ask CLIENT,CLIENT,...      each client asks the echo each 10 ms; a line of JSON whenever another backend answers
 */

import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { join } from "node:path";

const CLUSTER = "10.0.0.100";
const ASK_MS = 10;

/** A client is served by another backend than before. */
export interface Served {
  readonly client: string;
  readonly backend: string;
  /** Since the epoch. */
  readonly atMs: number;
}

function serve(name: string, folder: string): void {
  createServer((_, response) => response.end(name)).listen(80, "::");
  const [key, cert] = ["server.key", "server.pem"].map((file) => readFileSync(join(folder, file)));
  createTlsServer({ key: key!, cert: cert! }, (_, response) => response.end(name)).listen(443, "::");
  const dns = createSocket("udp4");
  dns.on("message", (question, from) => {
    // A response, NOERROR: RFC 1035 section 4.1.1.
    const answer = Buffer.from(question);
    answer[2] = 0x80;
    answer[3] = 0;
    dns.send(answer, from.port, from.address);
  });
  dns.bind(53, CLUSTER);
  const echo = createSocket("udp4");
  echo.on("message", (_, from) => echo.send(name, from.port, from.address));
  echo.bind(7, CLUSTER);
}

function ask(clients: readonly string[]): void {
  for (const client of clients) {
    const socket = createSocket("udp4");
    let last = "";
    socket.on("message", (answer) => {
      const backend = String(answer);
      if (backend === last) return;
      last = backend;
      console.log(JSON.stringify({ client, backend, atMs: Date.now() } satisfies Served));
    });
    // A dead backend's machine says that the port is closed.
    socket.on("error", () => {});
    socket.bind(0, client, () => setInterval(() => socket.send("who?", 7, CLUSTER, () => {}), ASK_MS));
  }
}

const [role, first = "", folder = ""] = process.argv.slice(2);
if (role === "serve") serve(first, folder);
else if (role === "ask") ask(first.split(","));
