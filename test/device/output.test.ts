import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Output } from "../../src/device/output.ts";

let folder: string;
let fifo: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "oneip-output-"));
  fifo = join(folder, "fifo");
  execFileSync("mkfifo", [fifo]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const LINE = new TextEncoder().encode(`${"x".repeat(999)}\n`);

function flagsOf(fd: number): string {
  return readFileSync(`/proc/self/fdinfo/${fd}`, "utf8");
}

test("a pipe that nobody reads takes what fits, then nothing, and nobody waits; its flags stay as they were", () => {
  const fd = openSync(fifo, constants.O_RDWR); // A reader that stands still.
  const before = flagsOf(fd);
  const output = new Output(fd);
  let taken = 0;
  for (let last = 1; last !== 0; taken += last) last = output.write(LINE) as number;
  expect(taken).toBeGreaterThanOrEqual(60_000);
  expect(flagsOf(fd)).toBe(before);
  readSync(fd, new Uint8Array(taken));
  expect(output.write(LINE), "it goes on").toBe(LINE.length);
  readSync(fd, new Uint8Array(LINE.length));
  closeSync(fd);
});

test("a pipe whose reader is gone, and a full disk, are said, not thrown", () => {
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(fifo, constants.O_WRONLY);
  const output = new Output(writer);
  closeSync(reader);
  expect(output.write(LINE)).toBe("EPIPE: nobody reads it");
  const again = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  expect(output.write(LINE), "another one reads").toBe(LINE.length);
  closeSync(again);
  closeSync(writer);

  const full = openSync("/dev/full", "w");
  expect(new Output(full).write(LINE)).toBe("ENOSPC: no space left on device");
  closeSync(full);
});

test("a file is written where it ends, and what others write to it stays", () => {
  const file = join(folder, "log");
  const fd = openSync(file, "w");
  writeSync(fd, "before\n");
  const output = new Output(fd);
  expect(output.isTerminal).toBe(false);
  output.write(new TextEncoder().encode("ours\n"));
  writeSync(fd, "after\n");
  expect(readFileSync(file, "utf8")).toBe("before\nours\nafter\n");
  closeSync(fd);
});

test("a terminal whose reader stands still takes what fits, then nothing", async () => {
  // Its other end is read by nobody until it ends.
  const stuck = spawn("script", ["-qfc", "tty; exec sleep infinity", "/dev/null"], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const ended = once(stuck, "exit");
  try {
    const [name] = await once(stuck.stdout, "data");
    process.kill(stuck.pid!, "SIGSTOP");
    const fd = openSync(String(name).trim(), constants.O_WRONLY | constants.O_NOCTTY);
    const before = flagsOf(fd);
    const output = new Output(fd);
    expect(output.isTerminal).toBe(true);
    let taken = 0;
    for (let last = 1; last !== 0; taken += last) last = output.write(LINE) as number;
    expect(taken).toBeGreaterThan(0);
    expect(flagsOf(fd)).toBe(before);
    closeSync(fd);
  } finally {
    // By its number: on Deno its own kill() works once.
    process.kill(stuck.pid!, "SIGKILL");
    await ended;
  }
});
