/** The API by TCP: who may ask what, from where, and how listeners become others. */

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { request as requestByTls } from "node:https";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectByTls } from "node:tls";
import pino from "pino";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { ask } from "../../src/api/client.ts";
import { LIMITS, type Limits } from "../../src/api/limits.ts";
import { listen } from "../../src/api/socket.ts";
import { TcpApi } from "../../src/api/tcp.ts";
import type { ApiConfig } from "../../src/config/config.ts";
import { until } from "../../src/system/until.ts";
import { SOURCES } from "./handlers.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";
const HERE = { address: "127.0.0.1", port: 0 };
const DRAIN = "/v1/clusters/web/backends/web1/drain";

const folder = mkdtempSync(join(tmpdir(), "oneip-tcp-"));
const at = (name: string) => join(folder, name);
const tokenFile = at("token");
const tls = { certificate: at("certificate"), key: at("key") };

function writeToken(text: string, mode = 0o600): void {
  rmSync(tokenFile, { force: true });
  writeFileSync(tokenFile, text);
  chmodSync(tokenFile, mode);
}

/** For these names. */
function makeCertificate(names: string): void {
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", tls.key];
  const rest = [
    "-subj",
    "/CN=oneip",
    "-addext",
    `subjectAltName=${names}`,
    "-days",
    "2",
    "-out",
    tls.certificate,
  ];
  execFileSync("openssl", ["req", "-x509", ...kind, ...rest], { stdio: "pipe" });
}

beforeAll(() => {
  writeToken(`${TOKEN}\n`);
  makeCertificate("DNS:lb.example.com,IP:127.0.0.1");
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What the log is told. */
const told: string[] = [];
const apis: TcpApi[] = [];
afterEach(() => {
  for (const api of apis.splice(0)) api.close();
});

function apiWith(limits: Limits = LIMITS): TcpApi {
  const api = new TcpApi(SOURCES, pino({}, { write: (line) => void told.push(line) }), limits);
  apis.push(api);
  return api;
}

async function use(api: TcpApi, config: Partial<ApiConfig>): Promise<void> {
  await (await api.prepare({ listen: [HERE], tokenFile: undefined, tls: undefined, ...config })).take();
}

/** It listens by this configuration. The port. */
async function listening(config: Partial<ApiConfig>, limits?: Limits): Promise<number> {
  const api = apiWith(limits);
  await use(api, config);
  return api.endpoints[0]!.port;
}

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly tls?: boolean;
  readonly host?: string;
}

async function say(
  port: number,
  { method = "GET", path = "/v1/interface", body, headers, tls = false, host = "127.0.0.1" }: Asked = {},
) {
  const text = body === undefined ? "" : JSON.stringify(body);
  const options = {
    ...{ host, port, method, path, agent: false, rejectUnauthorized: false },
    headers: { ...(text === "" ? {} : { "content-type": "application/json" }), ...headers },
  };
  const sent = (tls ? requestByTls : request)(options as object).end(text);
  const [response] = await once(sent, "response");
  let said = "";
  for await (const part of response) said += part;
  return {
    status: response.statusCode,
    headers: response.headers,
    body: said === "" ? {} : JSON.parse(said),
  };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test("without a token programs of this machine read, and nobody commands", async () => {
  const port = await listening({});
  expect(await say(port)).toMatchObject({ status: 200, body: "oneip0" });
  expect(await say(port, { method: "POST", path: DRAIN })).toMatchObject({
    status: 403,
    body: { error: { message: "By TCP one can only read, and only from this machine" } },
  });
});

test("by IPv6, with the address in brackets", async () => {
  const port = await listening({ listen: [{ address: "::1", port: 0 }] });
  expect(await say(port, { host: "::1" })).toMatchObject({ status: 200, body: "oneip0" });
  expect((await say(port, { host: "::1", headers: { host: "[::2]" } })).status).toBe(421);
  await expect(say(port)).rejects.toThrow("ECONNREFUSED");
});

test("with a token whoever knows it commands", async () => {
  const port = await listening({ tokenFile });
  const drain = (headers: Asked["headers"] = {}) => say(port, { method: "POST", path: DRAIN, headers });
  expect((await say(port)).status).toBe(200);
  expect(await drain()).toMatchObject({ status: 401, body: { error: { message: "The token is missing" } } });
  for (const wrong of [TOKEN.slice(1), `${TOKEN}0`, TOKEN.toUpperCase(), `${TOKEN} ${TOKEN}`]) {
    expect(await drain(bearer(wrong)), wrong).toMatchObject({
      status: 401,
      headers: { "www-authenticate": "Bearer", connection: "close" },
      body: { error: { message: "The token is wrong" } },
    });
  }
  expect((await drain({ authorization: `Basic ${TOKEN}` })).status).toBe(401);
  expect(await drain(bearer(TOKEN))).toMatchObject({ status: 200, body: { state: "draining" } });
});

test("where other machines can ask, reading takes the token as well", async () => {
  const port = await listening({ listen: [{ address: "0.0.0.0", port: 0 }], tokenFile });
  for (const path of ["/v1/interface", "/metrics", "/healthz", "/v1/openapi.json", "/v1/nothing"]) {
    expect((await say(port, { path })).status, path).toBe(401);
  }
  expect((await say(port, { headers: bearer(TOKEN) })).status).toBe(200);
});

test("what dispatchers say to each other at a takeover is not there, even with the token", async () => {
  const port = await listening({ tokenFile });
  for (const path of ["/v1/takeover", "/v1/takeover/record", "/v1/takeover/late", "/v1/takeover/done"]) {
    expect((await say(port, { method: "POST", path, headers: bearer(TOKEN) })).status, path).toBe(404);
  }
});

test.each<[string, Asked["headers"], number]>([
  ["a name that leads here", { host: "evil.example" }, 421],
  ["a name that begins like ours", { host: "127.0.0.1.evil.example" }, 421],
  ["another address", { host: "192.0.2.1" }, 421],
  ["a name that is one of a certificate that is not used", { host: "lb.example.com" }, 421],
  ["an address with a user before it", { host: "127.0.0.1@evil.example" }, 400],
  ["this machine's own name for itself", { host: "localhost" }, 200],
  ["another port, as through a tunnel", { host: "localhost:9999" }, 200],
])("asked as %s", async (_, headers, status) => {
  expect((await say(await listening({}), { headers: headers! })).status).toBe(status);
});

test.each<[string, string, number]>([
  ["elsewhere", "https://evil.example", 403],
  ["nowhere, such as a file", "null", 403],
  ["another port of this machine", "http://127.0.0.1:1", 403],
  ["the same place by another protocol", "https://127.0.0.1:PORT", 403],
  ["here", "http://127.0.0.1:PORT", 200],
])("a page from %s asks", async (_, origin, status) => {
  const port = await listening({ tokenFile });
  const headers = { origin: origin.replace("PORT", String(port)), ...bearer(TOKEN) };
  const answers = [await say(port, { headers }), await say(port, { method: "POST", path: DRAIN, headers })];
  expect(answers.map(({ status }) => status)).toEqual([status, status]);
});

test("no answer lets another origin in, and each says how a browser is to take it", async () => {
  const port = await listening({ tokenFile });
  const preflight = { origin: "https://evil.example", "access-control-request-method": "POST" };
  const answers = [
    await say(port),
    await say(port, { path: "/v1/nothing" }),
    await say(port, { method: "OPTIONS", path: DRAIN, headers: preflight }),
    await say(port, { method: "POST", path: DRAIN, headers: { host: "evil.example" } }),
  ];
  for (const { headers } of answers) {
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
      "content-security-policy": expect.stringMatching(/^default-src 'none'; script-src 'self';/),
    });
    expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  }
});

test("by TLS: the names of the certificate, and nothing without it", async () => {
  const port = await listening({ tokenFile, tls });
  expect(await say(port, { tls: true })).toMatchObject({ status: 200, body: "oneip0" });
  const asked = (host: string) => say(port, { tls: true, headers: { host } });
  expect((await asked("lb.example.com")).status).toBe(200);
  expect((await asked("evil.example")).status).toBe(421);
  const origin = { origin: `https://127.0.0.1:${port}` };
  expect((await say(port, { tls: true, headers: origin })).status).toBe(200);
  expect(await sayRaw(port, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")).not.toContain("200");
});

test.each([
  ["in the target", "GET http://evil.example/v1/interface HTTP/1.1\r\nHost: 127.0.0.1\r\n", 421],
  ["twice", "GET /v1/interface HTTP/1.1\r\nHost: evil.example\r\nHost: 127.0.0.1\r\n", 421],
  ["never", "GET /v1/interface HTTP/1.1\r\n", 400],
  ["as nothing", "GET /v1/interface HTTP/1.1\r\nHost:\r\n", 400],
])("a request that names its host %s", async (_, head, status) => {
  expect(await sayRaw(await listening({}), `${head}Connection: close\r\n\r\n`)).toContain(
    `HTTP/1.1 ${status} `,
  );
});

/** All that comes back for these octets, until the other side ends the connection. */
async function sayRaw(port: number, octets: string, byTls = false): Promise<string> {
  const socket = byTls
    ? connectByTls({ host: "127.0.0.1", port, rejectUnauthorized: false })
    : connect(port, "127.0.0.1");
  let said = "";
  socket.on("data", (part) => said += part);
  socket.on("error", () => {});
  socket.write(octets);
  await once(socket, "close");
  return said;
}

test.each([["", undefined], [" by TLS", tls]])(
  "64 connections take nobody else's place%s",
  async (_, tls) => {
    const port = await listening({ tls });
    const path = at("socket");
    const control = await listen(path, SOURCES);
    const held = Array.from(
      { length: LIMITS.connections },
      () =>
        tls === undefined
          ? connect(port, "127.0.0.1")
          : connectByTls({ host: "127.0.0.1", port, rejectUnauthorized: false }),
    );
    await Promise.all(held.map((socket) => once(socket, tls === undefined ? "connect" : "secureConnect")));
    const next = await sayRaw(
      port,
      "GET /v1/interface HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
      tls !== undefined,
    );
    expect(next).toMatch(/^HTTP\/1.1 429 .*There are 64 connections already/s);
    expect(await ask(path, "interface", {})).toBe("oneip0");
    for (const socket of held) socket.destroy();
    await until("a place", async () => (await say(port, { tls: tls !== undefined })).status === 200);
    control.close();
  },
);

test("who does not end a handshake, or a request, is disconnected", async () => {
  const limits = { ...LIMITS, sendMs: 100 };
  const port = await listening({ tls }, limits);
  expect(await sayRaw(port, "")).toBe("");
  expect(await sayRaw(port, "\x16\x03\x01\x02\x00")).toBe("");
  // On a busy machine it may be the handshake that takes too long.
  await until(
    "a request that does not end is answered",
    async () => /^HTTP\/1.1 408 /.test(await sayRaw(port, "GET /v1/sta", true)),
  );
});

test.each<[string, () => void, RegExp]>([
  ["there is none", () => rmSync(tokenFile), /token cannot be used: there is no such file/],
  [
    "others may read",
    () => writeToken(TOKEN, 0o640),
    /others than its owner may read or write it; chmod 600 /,
  ],
  ["others may write", () => writeToken(TOKEN, 0o602), /others than its owner may read or write it/],
  [
    "is empty",
    () => writeToken("\n"),
    /the token has 0 characters, 32 are the least; \(umask 077; openssl rand/,
  ],
  ["is short", () => writeToken(TOKEN.slice(1)), /the token has 31 characters/],
  ["has two words", () => writeToken(`${TOKEN} ${TOKEN}`), /it is not one word/],
])("a token file that %s is refused", async (_, arrange, message) => {
  arrange();
  await expect(listening({ tokenFile })).rejects.toThrow(message);
  writeToken(TOKEN);
});

test("files that are no certificate and its key are refused", async () => {
  const key = readFileSync(tls.key, "utf8");
  await expect(listening({ tls: { ...tls, certificate: tls.key } })).rejects.toThrow(
    "are no certificate and its key",
  );
  makeCertificate("DNS:lb.example.com");
  const other = readFileSync(tls.key, "utf8");
  writeFileSync(tls.key, key);
  await expect(listening({ tls })).rejects.toThrow("the certificate is of another key");
  writeFileSync(tls.key, other);
  chmodSync(tls.key, 0o604);
  await expect(listening({ tls })).rejects.toThrow("all users may read or write it; chmod o= ");
  chmodSync(tls.key, 0o600);
});

test("another configuration opens and closes what differs, and leaves the rest alone", async () => {
  const api = apiWith();
  await use(api, { tokenFile });
  const [{ port }] = api.endpoints as [AddressInfo];
  const here = { address: "127.0.0.1", port };
  api.close();
  await use(api, { listen: [here], tokenFile });
  const kept = connect(port, "127.0.0.1");
  await once(kept, "connect");

  const other = { address: "127.0.0.2", port };
  writeToken("f".repeat(32));
  await use(api, { listen: [here, other], tokenFile });
  const drain = (token: string) => say(port, { method: "POST", path: DRAIN, headers: bearer(token) });
  expect([(await drain(TOKEN)).status, (await drain("f".repeat(32))).status]).toEqual([401, 200]);
  writeToken(TOKEN);
  expect(api.endpoints).toMatchObject([here, other]);
  expect(kept.destroyed).toBe(false);

  kept.resume();
  const ended = once(kept, "close");
  await use(api, { listen: [here], tls });
  await ended;
  expect((await say(port, { tls: true })).status).toBe(200);
  expect(api.endpoints).toMatchObject([here]);
  await use(api, { listen: [] });
  await expect(say(port)).rejects.toThrow();
});

test("what cannot be had is said, and nothing changes; nor when the rest of a reload fails", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const there = { address: "127.0.0.1", port: (taken.address() as AddressInfo).port };
  const api = apiWith();
  await use(api, {});
  const before = api.endpoints;
  await expect(use(api, { listen: [there, { address: "127.0.0.3", port: 0 }] })).rejects.toThrow(
    `api.listen: 127.0.0.1:${there.port} cannot be had: another program listens there; end it, or use another port`,
  );
  await expect(use(api, { listen: [{ address: "192.0.2.1", port: 1 }] })).rejects.toThrow(
    "192.0.2.1:1 cannot be had: this machine does not have the address",
  );
  taken.close();
  await once(taken, "close");
  (await api.prepare({ listen: [there], tokenFile: undefined, tls: undefined })).drop();
  expect(api.endpoints).toEqual(before);
  await until("it is free again", () => say(there.port).then(() => false, () => true));
});

test("who leaves gives the address to another at once, and ends no connection", async () => {
  const api = apiWith();
  await use(api, {});
  const [{ port }] = api.endpoints as [AddressInfo];
  const connected = connect(port, "127.0.0.1");
  await once(connected, "connect");
  connected.write("GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  await once(connected, "data");
  api.leave();
  const next = apiWith();
  await use(next, { listen: [{ address: "127.0.0.1", port }] });
  expect((await say(port)).status).toBe(200);
  expect(connected.destroyed).toBe(false);
  connected.destroy();
});

test("at a start what can be had is opened, and the log hears of the rest", async () => {
  const api = apiWith();
  await api.start({
    listen: [{ address: "192.0.2.1", port: 1 }, HERE],
    tokenFile: undefined,
    tls: undefined,
  });
  expect(api.endpoints).toHaveLength(1);
  expect(told.join()).toContain("192.0.2.1:1 cannot be had: this machine does not have the address");
});
