/** The API over a Unix socket: what is refused and how, and that nobody can take more of it than there is. */

import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { converse } from "../../src/api/client.ts";
import { LIMITS } from "../../src/api/limits.ts";
import { listen, type Listener } from "../../src/api/socket.ts";
import { until } from "../../src/system/until.ts";
import { SOURCES } from "./handlers.ts";

let folder: string;
let path: string;
let listener: Listener;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "oneip-http-"));
  path = join(folder, "socket");
  listener = await listen(path, SOURCES);
});
afterEach(() => {
  listener.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly body: {
    readonly error: { readonly message: string; readonly place?: string; readonly remedy?: string };
  };
}

/** `body`: what is sent as JSON, or the text itself. */
async function say(
  method: string,
  target: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const text = typeof body === "string" ? body : body === undefined ? "" : JSON.stringify(body);
  const sent = request({
    socketPath: path,
    method,
    path: target,
    headers: {
      ...(body === undefined
        ? {}
        : { "content-type": "application/json", "content-length": Buffer.byteLength(text) }),
      ...headers,
    },
  });
  sent.on("error", () => {}); // When all was not read before the answer.
  sent.end(text);
  const [response] = await once(sent, "response");
  let said = "";
  for await (const part of response) said += part;
  return { status: response.statusCode, body: said === "" ? {} : JSON.parse(said) };
}

/** All that comes back for these octets, until the other side ends the connection. */
async function sayRaw(octets: string): Promise<string> {
  const socket = connect(path);
  let said = "";
  socket.on("data", (part) => said += part);
  socket.on("error", () => {});
  socket.write(octets);
  await once(socket, "close");
  return said;
}

const WEIGHT = "/v1/clusters/web/backends/web1/weight";

test.each<[string, string, string, unknown, number, object]>([
  ["a body that is no JSON", "POST", WEIGHT, "nonsense", 400, { message: "The body is no JSON" }],
  ["a field of another type", "POST", WEIGHT, { weight: "3" }, 400, {
    message: "weight: use a whole number from 0 to 100",
    place: "weight",
  }],
  ["a value too large", "POST", WEIGHT, { weight: 101 }, 400, { place: "weight" }],
  ["a field that there is not", "POST", WEIGHT, { weight: 1, wieght: 1 }, 400, {
    message: expect.stringContaining('"wieght"'),
    place: "wieght",
  }],
  ["a field too few", "POST", WEIGHT, {}, 400, { place: "weight" }],
  [
    "a program to run, as a probe of a new backend",
    "POST",
    "/v1/clusters/web/backends",
    {
      name: "web9",
      address: "10.0.0.19",
      health: { type: "exec", command: ["x"] },
    },
    400,
    { place: "health" },
  ],
  ["no object", "POST", WEIGHT, [1], 400, { message: expect.stringContaining("expected object") }],
  ["no body where one is needed", "POST", WEIGHT, undefined, 400, {}],
  ["a query that there is not", "GET", "/v1/status?verbose=1", undefined, 400, { place: "verbose" }],
  ["a technique that there is not", "POST", "/v1/technique", { technique: "anycast" }, 400, {
    message: "technique: use route or broadcast",
  }],
  ["a cluster that there is not", "POST", "/v1/technique", { technique: "route", cluster: "wbe" }, 404, {
    message: 'There is no cluster "wbe"; use web',
  }],
  ["a path that there is not", "GET", "/v1/explode", undefined, 404, {
    remedy: "/v1/openapi.json lists all",
  }],
  ["a path upwards", "GET", "/v1/../../etc/passwd", undefined, 404, {
    message: "There is nothing at /etc/passwd",
  }],
  ["a path upwards in disguise", "GET", "/v1/%2e%2e/%2e%2e/etc/passwd", undefined, 404, {}],
  ["a name with a slash in disguise", "POST", "/v1/clusters/x%2fweb/backends/web1/undrain", {}, 400, {
    place: "cluster",
  }],
  ["a broken escape", "POST", "/v1/clusters/%zz/backends/%/undrain", {}, 200, {}],
  ["another method", "DELETE", "/v1/status", undefined, 405, { remedy: "use GET" }],
  ["what conflicts", "POST", "/v1/takeover", { version: 1, pid: 1, socket: "" }, 409, {
    message: "not here",
  }],
])("%s: a clear refusal", async (_, method, target, body, status, error) => {
  const answer = await say(method, target, body);
  expect([answer.status, answer.body.error ?? {}]).toEqual([status, expect.objectContaining(error)]);
});

test("a body of another type is refused, and one that says no length is measured", async () => {
  expect(await say("POST", WEIGHT, '{"weight": 1}', { "content-type": "text/plain" })).toEqual({
    status: 415,
    body: {
      error: {
        message: "The body is text/plain",
        place: "content-type",
        remedy: "send JSON, as application/json",
      },
    },
  });
});

test("a body of more than 1 MiB is refused: by the length that it says, or when it has come", async () => {
  const head = `POST ${WEIGHT} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`;
  const said = await sayRaw(`${head}Content-Length: ${10 << 20}\r\n\r\n{`);
  expect(said).toMatch(/^HTTP\/1.1 413 .*The body is too large: 1048576 octets are the most/s);
  const octets = (1 << 20) + 1;
  expect(
    await sayRaw(
      `${head}Transfer-Encoding: chunked\r\n\r\n${octets.toString(16)}\r\n${"x".repeat(octets)}\r\n`,
    ),
  )
    .toMatch(/^HTTP\/1.1 413 /);
});

test("a body may say no length, and there may be none where none is needed", async () => {
  const head =
    `POST ${WEIGHT} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n`;
  expect(await sayRaw(`${head}Transfer-Encoding: chunked\r\n\r\nd\r\n{"weight": 5}\r\n0\r\n\r\n`))
    .toMatch(/^HTTP\/1.1 200 .*"weight":5/s);
  const drain = "/v1/clusters/web/backends/web1/drain";
  const bodiless = `POST ${drain} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
  expect(await sayRaw(bodiless)).toMatch(/^HTTP\/1.1 200 .*"draining"/s);
});

test("what is no HTTP, a WebSocket, and headers without end are refused", async () => {
  expect(await sayRaw('{"command": "status"}\n')).toContain("That is no HTTP");
  const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
  expect(await sayRaw(`GET /v1/status HTTP/1.1\r\nHost: x\r\n${upgrade}`)).toContain(
    "There is no WebSocket here",
  );
  expect(await sayRaw(`GET / HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(100_000)}`)).toContain("HTTP/1.1 431");
});

test("who takes too long to send a request, or says nothing at all, is told so and disconnected", async () => {
  listener.close();
  listener = await listen(path, SOURCES, { ...LIMITS, sendMs: 100 });
  const halves = [
    "",
    "GET /v1/sta",
    `POST ${WEIGHT} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{`,
  ];
  for (const said of await Promise.all(halves.map(sayRaw))) {
    expect(said).toMatch(/^HTTP\/1.1 408 .*took longer than 0.1 s/s);
  }
});

test("the 65th connection gets 429, and the next one a place when another has ended", async () => {
  const held = await Promise.all(Array.from({ length: LIMITS.connections }, () => converse(path)));
  expect(await sayRaw("GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n"))
    .toMatch(/^HTTP\/1.1 429 .*There are 64 connections already.*come again/s);
  expect(await held[63]!.ask("interface", {})).toBe("oneip0");
  held[0]!.end();
  await until("a place", async () => (await say("GET", "/v1/interface")).status === 200);
  for (const one of held) one.end();
});

test("1,000 requests at once: some are answered, the others told to come again, and no memory stays taken", async () => {
  const before = process.memoryUsage().rss;
  const statuses = await Promise.all(
    Array.from({ length: 1000 }, () => say("GET", "/v1/interface").then(({ status }) => status, () => 429)),
  );
  expect(new Set(statuses)).toEqual(new Set([200, 429]));
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(LIMITS.connections);
  const grownMib = (process.memoryUsage().rss - before) / 2 ** 20;
  console.log(`1,000 requests at once: ${grownMib.toFixed(1)} MiB, asking and answering together`);
  expect(grownMib).toBeLessThan(128);
  expect(await say("GET", "/v1/interface")).toEqual({ status: 200, body: "oneip0" });
});

test("the OpenAPI document has every route that people use, each with its input, output and refusal", async () => {
  const { body } = await say("GET", "/v1/openapi.json");
  const { openapi, paths } = body as unknown as {
    readonly openapi: string;
    readonly paths: Record<string, Record<string, { readonly responses: object }>>;
  };
  expect(openapi).toBe("3.1.0");
  expect(Object.keys(paths)).toContain("/v1/clusters/{cluster}/backends/{backend}/drain");
  expect(Object.keys(paths).some((path) => path.includes("takeover"))).toBe(false);
  expect(paths[WEIGHT.replace("web/", "{cluster}/").replace("web1", "{backend}")]).toMatchObject({
    post: {
      parameters: [{ name: "cluster", in: "path" }, { name: "backend", in: "path" }],
      requestBody: {
        required: true,
        content: { "application/json": { schema: { required: ["weight"], additionalProperties: false } } },
      },
      responses: { 200: {}, "4XX": {} },
    },
  });
});
