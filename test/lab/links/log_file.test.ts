/** The file of decisions, and what ends it. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Decision } from "../../../src/impairment/decision.ts";
import { LogFile } from "../../../src/lab/links/log_file.ts";
import { readPlayback } from "../../../src/lab/links/playback.ts";

const folder = mkdtempSync(join(tmpdir(), "oneip-log-"));
const file = join(folder, "links.log");
afterAll(() => rmSync(folder, { recursive: true }));

test("it is there when it is asked for, begins anew, and is no longer than it may be", () => {
  const log = new LogFile(file, 50);
  log.write("a:eth1", 0, new Decision());
  log.restart();
  for (const frame of [0, 1, 2]) {
    log.write("a:eth1", frame, new Decision());
    log.flush();
  }
  expect(readFileSync(file, "utf8")).toBe("a:eth1 0 passed 0 us\na:eth1 1 passed 0 us\n");
  expect(log.fault).toBe("the file has 50 octets, which is the most");
  log.close();
});

test("a full disk is told of, and stops nothing", () => {
  const log = new LogFile("/dev/full");
  log.write("a:eth1", 0, new Decision());
  log.flush();
  expect(log.fault).toMatch(/ENOSPC|No space left/);
  log.write("a:eth1", 1, new Decision());
  log.close();
});

test("what is played back must be a log of that link", () => {
  writeFileSync(file, "a:eth1 0 lost\nhello\nc:eth1 0 lost\n");
  expect(() => readPlayback(file, ["a:eth1", "b:eth1"])).toThrow(
    `${file}:2:1: This is no decision, found "hello", use a file that a link with log: has written\n` +
      `${file}:3:1: This is another link's, found "c:eth1", use the log of a:eth1 and b:eth1`,
  );
});
