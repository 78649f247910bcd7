import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ask, listen } from "../../src/control/control_socket.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "oneip-control-"));
  path = join(folder, "new", "oneip.sock");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const handlers = {
  double: ({ number }: Readonly<Record<string, unknown>>) => Number(number) * 2,
  refuse: () => {
    throw new Error("not now");
  },
};

test("a command gets its answer, or the reason why not, and only this user may ask", async () => {
  const server = await listen(path, handlers);
  try {
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await ask(path, "double", { number: 21 })).toBe(42);
    await expect(ask(path, "refuse")).rejects.toThrow("not now");
    await expect(ask(path, "explode")).rejects.toThrow('There is no command "explode"');
    await expect(ask(path, "toString")).rejects.toThrow('There is no command "toString"');
  } finally {
    server.close();
  }
});

test("without a dispatcher the error says what to do", async () => {
  await expect(ask(path, "double")).rejects.toThrow(
    `Cannot ask the dispatcher at ${path}: no dispatcher runs; run it with`,
  );
});

test("a socket left behind is taken over; one that is answered is not", async () => {
  const first = await listen(path, handlers);
  await expect(listen(path, handlers)).rejects.toThrow(`Another dispatcher has ${path}; set ONEIP_CONTROL`);
  expect(await ask(path, "double", { number: 1 })).toBe(2);
  first.close();
  writeFileSync(path, "");
  const second = await listen(path, handlers);
  expect(await ask(path, "double", { number: 2 })).toBe(4);
  second.close();
});
