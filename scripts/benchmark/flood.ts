/**
 * Asks a dispatcher's API whatever nobody should, as fast as it goes, at its control socket and by TCP, and prints as JSON how often it got
 * which answer.
 *
 *     scripts/deno run -A scripts/benchmark/flood.ts SOCKET PORT SECONDS
 */

import { setTimeout as delay } from "node:timers/promises";
import { connect, type NetConnectOpts } from "node:net";

/** Of each kind and each way so many are under way. */
const AT_ONCE = 4;
/** Connections that say nothing, or too little, until they are ended. */
const SILENT = 16;
/** Connections in one moment. */
const CROWD = 1000;

const POST =
  "POST /v1/clusters/web/backends/web1/weight HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n";
const withBody = (body: string) =>
  `${POST}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
const get = (target: string, ...headers: readonly string[]) =>
  [`GET ${target} HTTP/1.1`, "Host: 127.0.0.1", "Connection: close", ...headers, "", ""].join("\r\n");

/** What is sent on a connection of its own, which the other side then ends. */
const NONSENSE: Readonly<Record<string, string>> = {
  "no JSON": withBody('{"weight": 1,,'),
  "deep JSON": withBody("[".repeat(100_000)),
  "unknown field": withBody('{"wieght": 1}'),
  "wrong type": withBody('{"weight": "much"}'),
  "10 MiB": `${POST}Content-Length: ${10 << 20}\r\n\r\n${"x".repeat(10 << 20)}`,
  "10 MiB of unknown length": `${POST}Transfer-Encoding: chunked\r\n\r\na00000\r\n${
    "x".repeat(10 << 20)
  }\r\n0\r\n\r\n`,
  "wrong token": withBody("{}").replace("\r\n", `\r\nAuthorization: Bearer ${"x".repeat(64)}\r\n`),
  "foreign host": get("/v1/status").replace("127.0.0.1", "evil.example"),
  "foreign origin": get("/v1/status", "Origin: https://evil.example"),
  "upwards": get("/v1/../../etc/passwd"),
  "two slashes": get("//v1//status"),
  "encoded slashes": get("/v1%2fclusters%2f..%2f..%2fetc"),
  "NUL": get("/v1/status%00"),
  "WebSocket": get("/v1/events", "Upgrade: websocket", "Sec-WebSocket-Version: 13").replace(
    "close",
    "Upgrade",
  ),
  "no HTTP": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
  "long headers": `GET / HTTP/1.1\r\nX: ${"x".repeat(200_000)}`,
  "many requests": get("/v1/interface").replace("close", "keep-alive").repeat(200) + get("/v1/interface"),
};

const [path = "", port = "", seconds = ""] = process.argv.slice(2);
const ways: Readonly<Record<string, NetConnectOpts>> = {
  socket: { path },
  TCP: { host: "127.0.0.1", port: Number(port) },
};
const endMs = performance.now() + 1000 * Number(seconds);
const isOver = () => performance.now() > endMs;
const counts: Record<string, number> = {};

/** Counts what comes back until the other side ends the connection, or we are tired of it. */
function say(way: string, kind: string, octets: string, patienceMs = 5000): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(ways[way]!);
    let said = "";
    socket.on("data", (part) => said ||= part.toString("latin1", 0, 12));
    socket.on("error", () => {});
    socket.setTimeout(patienceMs, () => socket.destroy());
    socket.on("close", () => {
      const key = `${way} ${kind} ${said === "" ? "no answer" : said.slice(9, 12)}`;
      counts[key] = (counts[key] ?? 0) + 1;
      resolve();
    });
    socket.write(octets);
  });
}

async function again(work: () => Promise<void>): Promise<void> {
  while (!isOver()) await work();
}

/** What makes a sender slow: the load itself, not a wait for anything. */
const BETWEEN_OCTETS_MS = 200;

/** An octet now and then. */
async function sendSlowly(way: string): Promise<void> {
  const socket = connect(ways[way]!);
  socket.on("error", () => {});
  for (const octet of get("/v1/status")) {
    if (isOver() || socket.destroyed) break;
    socket.write(octet);
    await delay(BETWEEN_OCTETS_MS);
  }
  socket.destroy();
}

const crowd = (way: string) => () =>
  Promise.all(Array.from({ length: CROWD }, () => say(way, "crowd", get("/v1/interface")))).then(() => {});

await Promise.all(
  Object.keys(ways).flatMap((way) => [
    ...Object.entries(NONSENSE).flatMap(([kind, octets]) =>
      Array.from({ length: AT_ONCE }, () => again(() => say(way, kind, octets)))
    ),
    ...Array.from(
      { length: SILENT },
      () => again(() => say(way, "silent", "", Math.max(0, endMs - performance.now()))),
    ),
    ...Array.from({ length: SILENT }, () => again(() => sendSlowly(way))),
    again(crowd(way)),
  ]),
);
console.log(JSON.stringify(counts));
process.exit();
