/** Commands whose output nobody reads to its end, or that cannot be written. */

import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ONEIP, ROOT } from "../runtime.ts";

let folder: string;
let fifo: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "oneip-pipes-"));
  fifo = join(folder, "fifo");
  execFileSync("mkfifo", [fifo]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the command with this as its standard output. */
async function oneip(stdout: number, ...args: string[]): Promise<{ status: number; stderr: string }> {
  const [program = "", ...words] = [...ONEIP, ...args];
  const child = spawn(program, words, { cwd: ROOT, stdio: ["ignore", stdout, "pipe"] });
  let stderr = "";
  child.stderr!.on("data", (text) => stderr += text);
  const [status] = await once(child, "close");
  return { status, stderr };
}

test("a reader that has read enough, as head does, is no failure", async () => {
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const gone = openSync(fifo, constants.O_WRONLY);
  closeSync(reader);
  for (const args of [["--help"], ["check", "-c", "netns/routing.oneip.yaml", "--json"]]) {
    expect(await oneip(gone, ...args)).toEqual({ status: 0, stderr: "" });
  }
  closeSync(gone);
});

test("what cannot be written is one sentence, and status 1", async () => {
  const full = openSync("/dev/full", "w");
  for (const args of [["--help"], ["check", "-c", "netns/routing.oneip.yaml", "--json"]]) {
    const { status, stderr } = await oneip(full, ...args);
    expect(stderr).toMatch(/^oneip: .*no space left on device.*\n$/i);
    expect(status).toBe(1);
  }
  closeSync(full);
});
