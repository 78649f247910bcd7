import {
  chmodSync,
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
import { ask, GoneError, takeoverPath } from "../../src/api/client.ts";
import { listen } from "../../src/api/socket.ts";
import { DescriptorSocket } from "../../src/device/handed_descriptors.ts";
import { run } from "../../src/system/programs.ts";
import { needsRoot } from "../needs.ts";
import { RUNTIME } from "../runtime.ts";
import { SOURCES } from "./handlers.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "oneip-control-"));
  path = join(folder, "new", "oneip.sock");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a command gets its answer, or the reason why not, and only this user may ask", async () => {
  const server = await listen(path, SOURCES);
  try {
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    expect(await ask(path, "interface", {})).toBe("oneip0");
    expect(await ask(path, "technique", { technique: "broadcast" })).toEqual([
      { cluster: "web", technique: "broadcast" },
    ]);
    expect(await ask(path, "weight", { cluster: "web", backend: "web1", weight: 7 })).toMatchObject({
      weight: 7,
    });
    await expect(ask(path, "technique", { technique: "route", cluster: "wbe" })).rejects.toThrow(
      'There is no cluster "wbe"; use web',
    );
  } finally {
    server.close();
  }
});

test.skipIf(needsRoot())("another user is kept out by the socket's mode, and by the folder's", async () => {
  chmodSync(folder, 0o755);
  const server = await listen(path, SOURCES);
  const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all"];
  const askAsNobody = () =>
    run([...nobody, "curl", "-sS", "--unix-socket", path, "http://oneip/v1/interface"]);
  try {
    expect((await askAsNobody()).status, "by the folder's").toBe(7);
    chmodSync(dirname(path), 0o755);
    expect((await askAsNobody()).status, "by the socket's").toBe(7);
    chmodSync(path, 0o666);
    expect((await askAsNobody()).stdout, "and by nothing else").toBe('"oneip0"');
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
  const first = await listen(path, SOURCES);
  await expect(listen(path, SOURCES)).rejects.toThrow(`Another dispatcher has ${path}; set ONEIP_CONTROL`);
  expect(await ask(path, "interface", {})).toBe("oneip0");
  first.close();
  await leaveSocket();
  expect(statSync(path).isSocket()).toBe(true);
  const second = await listen(path, SOURCES);
  expect(await ask(path, "interface", {})).toBe("oneip0");
  second.close();
});

test("of two that start at once, beside a socket left behind, one listens and is heard", async () => {
  await leaveSocket();
  const starts = await Promise.allSettled([listen(path, SOURCES), listen(path, SOURCES)]);
  expect(starts.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(await ask(path, "interface", {})).toBe("oneip0");
  for (const start of starts) if (start.status === "fulfilled") start.value.close();
  expect(readdirSync(dirname(path))).toEqual([]);
});

test("what is no socket stays, and the error says what to do", async () => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "precious");
  await expect(listen(path, SOURCES)).rejects.toThrow(
    `${path} exists and is no socket; remove it, or set ONEIP_CONTROL to another path`,
  );
  expect(readFileSync(path, "utf8")).toBe("precious");
});

test("when it is closed, a connection that is open ends as well", async () => {
  const server = await listen(path, SOURCES);
  const socket = connect(path);
  await once(socket, "connect");
  socket.resume();
  const ended = once(socket, "close");
  expect(await ask(path, "interface", {}), "the open one was accepted before").toBe("oneip0");
  server.close();
  await ended;
});

test("who leaves with answers unread, as when it is killed, harms nobody", async () => {
  const server = await listen(path, SOURCES);
  const socket = connect(path);
  await once(socket, "connect");
  // Nobody reads the answers, which are more than all buffers hold.
  socket.write("GET /v1/interface HTTP/1.1\r\nHost: oneip\r\n\r\n".repeat(2000));
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
  const server = await listen(path, SOURCES);
  expect(readdirSync(dirname(path)).map((name) => join(dirname(path), name)).sort())
    .toEqual([path, alive, ...others].sort());
  server.close();
  living.close();
});
