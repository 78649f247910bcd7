import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listen, type Listener } from "../../src/api/socket.ts";
import { SOURCES } from "./handlers.ts";

const folder = mkdtempSync(join(tmpdir(), "oneip-monitoring-"));
const socketPath = join(folder, "socket");
let isLive = false;
let listener: Listener;
beforeAll(async () => {
  listener = await listen(socketPath, {
    ...SOURCES,
    monitored: { ...SOURCES.monitored, isLive: () => isLive },
  });
});
afterAll(() => {
  listener.close();
  rmSync(folder, { recursive: true });
});

async function get(path: string, method = "GET") {
  const [response] = await once(request({ socketPath, path, method }).end(), "response") as [IncomingMessage];
  let text = "";
  for await (const part of response) text += part;
  return [response.statusCode, text, response.headers["content-type"]];
}

test("a dispatcher that answers is healthy, and ready once it forwards by what it knows", async () => {
  expect((await get("/healthz")).slice(0, 2)).toEqual([200, "ok\n"]);
  expect((await get("/readyz")).slice(0, 2)).toEqual([503, "no bucket map by known states yet\n"]);
  isLive = true;
  expect((await get("/readyz")).slice(0, 2)).toEqual([200, "ready\n"]);
});

test("metrics come as Prometheus wants them", async () => {
  expect(await get("/metrics")).toEqual([
    200,
    "oneip_runtime_info 1\n",
    expect.stringContaining("version=0.0.4"),
  ]);
  expect((await get("/metrics", "POST"))[0]).toBe(405);
});
