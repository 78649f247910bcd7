/** The history of a console outlives it, is bounded, and belongs to one user. */

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { History, historyPath } from "../../src/console/history.ts";

const folder = mkdtempSync(join(tmpdir(), "oneip-history-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("lines are there the next time, the latest first, for this user only", () => {
  const path = join(folder, "a/b/history");
  const history = new History(path);
  expect(history.read()).toEqual([]);
  for (const line of ["show status", "show status", "  ", "drain web1", "x".repeat(1001)]) history.add(line);
  expect(new History(path).read()).toEqual(["drain web1", "show status"]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
});

test("the file keeps the latest 1,000", () => {
  const path = join(folder, "long");
  writeFileSync(path, Array.from({ length: 1500 }, (_, line) => `line ${line}\n`).join(""));
  const lines = new History(path).read();
  expect([lines.length, lines[0], lines.at(-1)]).toEqual([1000, "line 1499", "line 500"]);
  expect(readFileSync(path, "utf8").split("\n").length).toBe(1001);
});

test("where there is no place for it, nothing is kept, and nothing fails", () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  for (const path of [undefined, join(file, "history")]) {
    const history = new History(path);
    history.add("show status");
    expect(history.read()).toEqual([]);
  }
  expect(historyPath({})).toBeUndefined();
  expect(historyPath({ HOME: "/root" })).toBe("/root/.local/state/oneip/console_history");
  expect(historyPath({ HOME: "/root", XDG_STATE_HOME: "/s" })).toBe("/s/oneip/console_history");
});
