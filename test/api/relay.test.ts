/** What `oneip dashboard` opens: a port that passes the API on, to whoever knows its token and to no web page from elsewhere. */

import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EventRing } from "../../src/api/event_ring.ts";
import { type Relay, relay } from "../../src/api/relay.ts";
import { listen, type Listener } from "../../src/api/socket.ts";
import { SOURCES } from "./handlers.ts";

const WEIGHT = "/v1/clusters/web/backends/web1/weight";

const ring = new EventRing();
let folder: string;
let path: string;
let dispatcher: Listener;
let opened: Relay;
let url: URL;
let token: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "oneip-relay-"));
  path = join(folder, "socket");
  dispatcher = await listen(path, { ...SOURCES, ring });
  opened = await relay(path, 0);
  url = new URL(opened.url);
  token = url.hash.replace("#token=", "");
});
afterEach(() => {
  opened.close();
  dispatcher.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(
  target: string,
  { method = "GET", body, headers = {} }: {
    method?: string;
    body?: string;
    headers?: Record<string, string>;
  } = {},
): Promise<IncomingMessage> {
  const sent = request({
    host: url.hostname,
    port: url.port,
    path: target,
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined
        ? {}
        : { "content-type": "application/json", "content-length": String(body.length) }),
      ...headers,
    },
  });
  sent.on("error", () => {});
  sent.end(body);
  const [response] = await once(sent, "response");
  return response;
}

async function say(...asked: Parameters<typeof open>): Promise<{ status: number; text: string }> {
  const response = await open(...asked);
  let text = "";
  for await (const part of response) text += part;
  return { status: response.statusCode!, text };
}

test("questions, commands, refusals and metrics pass through", async () => {
  expect(JSON.parse((await say("/v1/status")).text).clusters[0].name).toBe("web");
  const { status, text } = await say(WEIGHT, { method: "POST", body: '{"weight": 5}' });
  expect([status, JSON.parse(text).weight]).toEqual([200, 5]);
  const drain = await say("/v1/clusters/web/backends/web1/drain", { method: "POST" });
  expect(JSON.parse(drain.text).state).toBe("draining");
  expect(await say(WEIGHT, { method: "POST", body: '{"weight": 500}' })).toEqual({
    status: 400,
    text: '{"error":{"message":"weight: use a whole number from 0 to 100","place":"weight"}}',
  });
  expect(await say("/metrics")).toEqual({ status: 200, text: "oneip_runtime_info 1\n" });
  expect((await say("/v1/explain?address=192.0.2.1")).text).toBe("[]");
});

test("events pass through as they come, from the one on that is asked for", async () => {
  const event = (number: number) => (
    { number, time: "2026-01-01T00:00:00.000Z", name: "map.changed", message: "", data: {} } as const
  );
  for (const number of [1, 2]) ring.add(event(number));
  const stream = await open("/v1/events", { headers: { "last-event-id": "1" } });
  expect(stream.headers["content-type"]).toBe("text/event-stream");
  let heard = "";
  for await (const part of stream) {
    heard += part;
    if (heard.includes("id: 3\n")) break;
    if (heard.includes("id: 2\n") && ring.newest === 2) ring.add(event(3));
  }
  expect(heard).not.toContain("id: 1\n");
});

test("the page is for everybody, and all else for who knows the token; the address does not send it", async () => {
  expect(token).toMatch(/^[\w-]{32}$/);
  const none = { headers: { authorization: "" } };
  const page = await open("/", none);
  expect([page.statusCode, page.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
  expect(page.headers["content-security-policy"]).toMatch(
    /^default-src 'none'; script-src 'self'; style-src 'self';/,
  );
  page.resume();
  for (const target of ["/v1/status", "/metrics", "/readyz", "/v1/events", "/elsewhere"]) {
    expect([target, (await say(target, none)).status]).toEqual([target, 401]);
  }
  const wrong = { method: "POST", headers: { authorization: `Bearer ${token}x` } };
  expect((await say("/v1/clusters/web/backends/web1/drain", wrong)).text).toContain("The token is wrong");
});

test("a page from elsewhere is refused, whatever name it has for this machine, and whatever it knows", async () => {
  const drain = "/v1/clusters/web/backends/web1/drain";
  const origin = { method: "POST", headers: { origin: "http://evil.example" } };
  expect(await say(drain, origin)).toMatchObject({
    status: 403,
    text: expect.stringContaining("evil.example"),
  });
  const host = { method: "POST", headers: { host: `evil.example:${url.port}` } };
  expect((await say(drain, host)).status).toBe(421);
  expect((await say("/", { headers: { host: `evil.example:${url.port}` } })).status).toBe(421);
  expect((await say("/", { headers: { host: `localhost:${url.port}` } })).status).toBe(200);
});

test("what only another dispatcher asks does not pass", async () => {
  for (const target of ["/v1/takeover", "/v1/%74akeover", "/v1/takeover/record", "/v1/takeover/done"]) {
    expect([target, (await say(target, { method: "POST", body: "{}" })).status]).toEqual([target, 404]);
  }
});

test("without a dispatcher it says so, and goes on with the next one", async () => {
  dispatcher.close();
  expect(await say("/v1/status")).toEqual({
    status: 502,
    text: JSON.stringify({ error: { message: `No dispatcher runs at ${path}` } }),
  });
  dispatcher = await listen(path, { ...SOURCES, ring });
  expect((await say("/v1/status")).status).toBe(200);
});

test("a port that another program has", async () => {
  await expect(relay(path, Number(url.port))).rejects.toThrow(`Cannot listen at 127.0.0.1:${url.port}`);
});
