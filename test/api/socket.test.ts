import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Handlers } from "../../src/api/contract.ts";
import { ask, GoneError, listen, takeoverPath } from "../../src/api/socket.ts";
import { DescriptorSocket } from "../../src/device/handed_descriptors.ts";
import { UsageError } from "../../src/input/errors.ts";
import { run } from "../../src/system/programs.ts";
import { RUNTIME } from "../runtime.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "oneip-control-"));
  path = join(folder, "new", "oneip.sock");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const aspect = <State>(state: State) => ({ state, why: "it is", since: "2026-01-01T00:00:00.000Z" });

const STATUS = {
  ...{ cluster: "web", name: "web1", address: "10.0.0.11", ...aspect("up" as const), live: true },
  ...{ weight: 1, backup: false, portion: 1, buckets: 4096 },
  neighbor: aspect("reachable" as const),
  health: aspect("unknown" as const),
  administration: aspect("active" as const),
};

const handlers: Handlers = {
  interface: () => "oneip0",
  configuration: () => ({ dispatcher: {}, clusters: [] }),
  verify: () => ({ ok: true, backends: [], faults: [], untried: [] }),
  technique: ({ technique = "route", cluster = "web" }) => {
    if (cluster !== "web") throw new UsageError(`There is no cluster "${cluster}"; use web`);
    return [{ cluster, technique }];
  },
  status: () => ({ clusters: [] }),
  drain: () => ({ ...STATUS, ...aspect("draining" as const) }),
  undrain: () => STATUS,
  dropped: () => [],
  reload: () => ({ changes: [], moving: [] }),
  takeover: () => {
    throw new UsageError("not here");
  },
  takeoverRecord: () => ({ version: 1, record: "" }),
  takeoverLate: () => ({ record: "" }),
  takeoverDone: () => ({}),
  weight: ({ weight }) => ({ ...STATUS, weight }),
};

/** The answer to a line, whatever stands in it. */
async function say(line: string): Promise<unknown> {
  const socket = connect(path);
  socket.write(`${line}\n`);
  const [octets] = await once(socket, "data");
  socket.destroy();
  return JSON.parse(String(octets));
}

test("a command gets its answer, or the reason why not, and only this user may ask", async () => {
  const server = await listen(path, handlers);
  try {
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await ask(path, "interface", {})).toBe("oneip0");
    expect(await ask(path, "verify", {})).toEqual({ ok: true, backends: [], faults: [], untried: [] });
    expect(await ask(path, "technique", { technique: "broadcast" })).toEqual([
      { cluster: "web", technique: "broadcast" },
    ]);
    await expect(ask(path, "technique", { cluster: "wbe" })).rejects.toThrow(
      'There is no cluster "wbe"; use web',
    );
  } finally {
    server.close();
  }
});

test("what is no command, or has a wrong input, is refused in words", async () => {
  const server = await listen(path, handlers);
  try {
    const said = (command: string, input: unknown = {}) => say(JSON.stringify({ command, input }));
    expect(await said("explode")).toEqual({ error: 'There is no command "explode"' });
    expect(await said("toString")).toEqual({ error: 'There is no command "toString"' });
    expect(await said("technique", { technique: "anycast" })).toEqual({
      error: expect.stringContaining("use route or broadcast"),
    });
    expect(await said("technique", { techniqe: "route" })).toEqual({
      error: expect.stringContaining("techniqe"),
    });
    expect(await said("weight", { backend: "web1", weight: 101 })).toEqual({
      error: expect.stringContaining("use a whole number from 0 to 100"),
    });
    expect(await say("nonsense")).toEqual({ error: expect.any(String) });
  } finally {
    server.close();
  }
});

test("without a dispatcher the error says what to do", async () => {
  await expect(ask(path, "interface", {})).rejects.toThrow(
    `Cannot ask the dispatcher at ${path}: no dispatcher runs; run it with`,
  );
});

/** A socket whose process was killed. */
async function leaveSocket(): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const script =
    "require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))";
  const [program, ...args] = RUNTIME === "node" ? [process.execPath, "-e", script, path] : [
    process.execPath,
    "eval",
    script.replace("require('net')", "(await import('node:net'))")
      .replace("process.argv[1]", `"${path}"`),
    "--ext=ts",
  ];
  await run([program!, ...args]);
}

test("a socket left behind is taken over; one that is answered is not", async () => {
  const first = await listen(path, handlers);
  await expect(listen(path, handlers)).rejects.toThrow(`Another dispatcher has ${path}; set ONEIP_CONTROL`);
  expect(await ask(path, "interface", {})).toBe("oneip0");
  first.close();
  await leaveSocket();
  expect(statSync(path).isSocket()).toBe(true);
  const second = await listen(path, handlers);
  expect(await ask(path, "interface", {})).toBe("oneip0");
  second.close();
});

test("of two that start at once, beside a socket left behind, one listens and is heard", async () => {
  await leaveSocket();
  const starts = await Promise.allSettled([listen(path, handlers), listen(path, handlers)]);
  expect(starts.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(await ask(path, "interface", {})).toBe("oneip0");
  for (const start of starts) if (start.status === "fulfilled") start.value.close();
  expect(readdirSync(dirname(path))).toEqual([]);
});

test("what is no socket stays, and the error says what to do", async () => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "precious");
  await expect(listen(path, handlers)).rejects.toThrow(
    `${path} exists and is no socket; remove it, or set ONEIP_CONTROL to another path`,
  );
  expect(readFileSync(path, "utf8")).toBe("precious");
});

test("when it is closed, a connection that is open ends as well", async () => {
  const server = await listen(path, handlers);
  const socket = connect(path);
  await once(socket, "connect");
  socket.resume();
  const ended = once(socket, "close");
  expect(await ask(path, "interface", {}), "the open one was accepted before").toBe("oneip0");
  server.close();
  await ended;
});

test("who leaves with answers unread, as when it is killed, harms nobody", async () => {
  const server = await listen(path, handlers);
  const socket = connect(path);
  await once(socket, "connect");
  // Nobody reads the answers, which are more than all buffers hold.
  socket.write(`${JSON.stringify({ command: "interface", input: {} })}\n`.repeat(50_000));
  expect(await ask(path, "interface", {})).toBe("oneip0");
  socket.destroy();
  expect(await ask(path, "interface", {})).toBe("oneip0");
  server.close();
});

test("a dispatcher that is killed before it has read the question is gone for whoever asks", async () => {
  mkdirSync(dirname(path));
  const killed = createServer({ pauseOnConnect: true }, (socket) => socket.destroy()).listen(path);
  await once(killed, "listening");
  await expect(ask(path, "interface", {})).rejects.toThrow(GoneError);
  killed.close();
});

test("what takeovers of this dispatcher have left is removed at its start when nobody has it any more, and nothing else", async () => {
  mkdirSync(dirname(path));
  const [dead, alive] = [takeoverPath(path), takeoverPath(path)];
  // As of a process that was killed: nobody has the socket, and its name is still there.
  const killed = new DescriptorSocket(`${path}.killed`);
  renameSync(killed.path, dead);
  killed.close();
  const living = new DescriptorSocket(alive);
  const others = [`${path}.abcdefgh`, `${path}.0123abcd`];
  for (const other of others) writeFileSync(other, "no socket");
  const server = await listen(path, handlers);
  expect(readdirSync(dirname(path)).map((name) => join(dirname(path), name)).sort())
    .toEqual([path, alive, ...others].sort());
  server.close();
  living.close();
});
