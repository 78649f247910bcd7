/** A watch of servers in this process. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { until, watch } from "oneip";
import { Tally } from "../../src/watch/tally.ts";
import { parseTarget } from "../../src/watch/target.ts";
import { VirtualClock } from "../../src/system/virtual_clock.ts";
import { ONEIP } from "../runtime.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Where it listens. */
async function serving(server: Server): Promise<string> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that says this on each connection, and then ends it. */
const saying = (text: string) =>
  serving(createServer((socket) => void socket.on("error", () => {}).on("data", () => socket.end(text))));

const FEW = { count: 3, intervalMs: 1 };

test("each client has its backend, and what fails is told with its reason", async () => {
  const target = await serving(createHttpServer(({ socket, url }, response) => {
    const client = socket.remoteAddress!;
    if (url === "/sick") response.statusCode = 503;
    response.setHeader("x-BACKEND", client === "127.0.0.2" ? "web1" : "web2");
    response.end("hello\n");
  }));
  const from = ["127.0.0.2", "127.0.0.3"];
  const watched = await watch(target, { from, count: 20, intervalMs: 1 });
  expect(await watched.ended).toMatchObject({
    target: `http://${target}/`,
    sent: 20,
    answered: 20,
    failed: 0,
    unsent: 0,
    backends: { length: 2 },
    clients: [
      { client: "127.0.0.2", backend: "web1", moves: 0 },
      { client: "127.0.0.3", backend: "web2", moves: 0 },
    ],
  });
  const sick = await (await watch(`http://${target}/sick`, FEW)).ended;
  expect(sick).toMatchObject({
    answered: 0,
    failed: 3,
    ms: null,
    reasons: [{ reason: "status 503", count: 3 }],
  });
  expect(sick.failures).toHaveLength(3);
});

test.each([
  ["a banner", "220 mail\x1b[2J ready\r\nmore", { backend: "220 mail[2J ready", failure: null }],
  ["a page without the header", "HTTP/1.0 200 OK\r\n\r\n<h1>web1</h1>\n", {
    backend: "<h1>web1</h1>",
    failure: null,
  }],
  ["nothing", "", { backend: null, failure: "closed without an answer" }],
  ["half a header", "HTTP/1.1 200 OK\r\nX-Back", {
    backend: null,
    failure: "closed in the middle of its answer",
  }],
  ["half a body", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", {
    backend: null,
    failure: "closed in the middle of its answer",
  }],
  ["a header that does not end", `HTTP/1.1 200 OK\r\nA: ${"a".repeat(20_000)}`, {
    backend: null,
    failure: "a header that does not end",
  }],
])("a server that says %s", async (_, text, expected) => {
  const probed: unknown[] = [];
  const target = await saying(text);
  await (await watch(target, { count: 1, probed: (one) => probed.push(one) })).ended;
  expect(probed).toMatchObject([expected]);
});

test("a server that is silent holds nobody up: requests go on, fail in time, and no more are under way than 500", async () => {
  const target = await serving(createServer((socket) => void socket.on("error", () => {})));
  const clock = new VirtualClock();
  const watched = await watch(target, { intervalMs: 1, timeoutMs: 3000, clock });
  await clock.advance(700);
  expect(watched.summary()).toMatchObject({ sent: 500, unsent: 201, failed: 0, pause: { ms: 700 } });
  const ended = watched.stop();
  await clock.advance(3000);
  const { failed, reasons } = await ended;
  expect(failed).toBe(500);
  expect(reasons.every(({ reason }) => reason.endsWith("in 3000 ms"))).toBe(true);
});

test("what a server names itself anew each time takes no memory without end", () => {
  const tally = new Tally("http://10.0.0.100/", new VirtualClock());
  for (let turn = 0; turn < 1000; turn++) {
    const one = { at: "", client: null, backend: `${turn}`, ms: 1 + turn / 1000, failure: null };
    tally.ended(one);
    tally.ended({ ...one, backend: null, failure: `${turn}` });
  }
  const { backends, others, reasons, failures, ms, clients } = tally.summary();
  expect([backends.length, others, reasons.length, failures.length]).toEqual([256, 744, 32, 100]);
  expect(ms!.p50).toBeCloseTo(1.5, 2);
  expect(clients).toEqual([{ client: null, backend: "999", moves: 999 }]);
});

test.each([
  ["10.0.0.100:80", { address: "10.0.0.100", port: 80, path: "/" }],
  ["[2001:DB8::100]:8080", { address: "2001:db8::100", port: 8080, path: "/" }],
  ["http://10.0.0.100", { address: "10.0.0.100", port: 80, path: "/" }],
  ["http://[2001:db8::100]:81/a?b", { address: "2001:db8::100", port: 81, path: "/a?b" }],
])("%s can be watched", (text, target) => expect(parseTarget(text)).toEqual(target));

test.each([
  "10.0.0.100",
  "example.com:80",
  "2001:db8::100:80",
  "10.0.0.100:0",
  "10.0.0.100:70000",
  "https://10.0.0.100/",
])(
  "%s cannot",
  (text) =>
    expect(() => parseTarget(text)).toThrow(
      `"${text}" cannot be watched; give an address and a port such as`,
    ),
);

test("a client's address that is not this machine's is refused", async () => {
  await expect(watch("127.0.0.1:9", { from: ["192.0.2.77"] })).rejects.toThrow("cannot send from 192.0.2.77");
  await expect(watch("127.0.0.1:9", { from: ["::1"] })).rejects.toThrow("of the same family");
});

/** The command, and what it prints. */
function command(...args: string[]): { child: ChildProcess; lines(): string[] } {
  const [program = "", ...words] = [...ONEIP, "watch", ...args];
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "inherit"] });
  let printed = "";
  child.stdout!.setEncoding("utf8").on("data", (text: string) => printed += text);
  return { child, lines: () => printed.trim().split("\n") };
}

test("the command: a line for each request, Ctrl-C prints the summary, and --fail tells that one has failed", async () => {
  const target = await saying("HTTP/1.1 404 Not Found\r\n\r\n");
  const { child, lines } = command(target, "--json", "--fail", "--interval", "10ms");
  await until("it has asked", () => lines().length > 2);
  process.kill(child.pid!, "SIGINT"); // Deno's child.kill() would name the signal as what ended it.
  expect(await once(child, "close")).toEqual([1, null]);
  expect(JSON.parse(lines()[0]!)).toMatchObject({ client: null, backend: null, failure: "status 404" });
  const { sent, failed } = JSON.parse(lines().at(-1)!);
  expect([sent, failed]).toEqual([lines().length - 1, lines().length - 1]);
});

test("the command ends when nobody reads what it prints", async () => {
  const target = await saying("HTTP/1.1 200 OK\r\nX-Backend: web1\r\n\r\n");
  const { child, lines } = command(target, "--json", "--interval", "10ms");
  await until("it has asked", () => lines()[0] !== "");
  child.stdout!.destroy();
  expect(await once(child, "close")).toEqual([0, null]);
});
