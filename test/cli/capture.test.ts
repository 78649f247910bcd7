import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listen } from "../../src/api/socket.ts";
import { readCapture } from "../../src/capture/reader.ts";
import * as f from "../frames.ts";
import { SOURCES } from "../api/handlers.ts";
import { oneip } from "./oneip.ts";

const folder = mkdtempSync(join(tmpdir(), "oneip-capture-"));
const before = process.env["ONEIP_CONTROL"];
const FRAME = f.synToCluster("198.51.100.7");
const place = { cluster: "web", client: "198.51.100.7", bucket: 2248, backend: "web4" };
const nowhere = { cluster: null, client: null, bucket: null, backend: null };
const octets = Buffer.from(FRAME).toString("base64");

let server: { close(): unknown };
beforeAll(async () => {
  process.env["ONEIP_CONTROL"] = join(folder, "control");
  const dropped = () => [
    { sinceEpochMs: 1_796_000_000_123, verdict: "drop_closed", ...place, length: 1500, octets },
    { sinceEpochMs: 1_796_000_000_124, verdict: "drop_not_ours", ...nowhere, length: FRAME.length, octets },
  ];
  server = await listen(process.env["ONEIP_CONTROL"], {
    ...SOURCES,
    handlers: { ...SOURCES.handlers, dropped },
  });
});
afterAll(() => {
  server.close();
  if (before === undefined) delete process.env["ONEIP_CONTROL"];
  else process.env["ONEIP_CONTROL"] = before;
  rmSync(folder, { recursive: true });
});

test("dropped frames come as pcapng, with a comment each that says why and whose", async () => {
  const file = join(folder, "dropped.pcapng");
  const { status, stdout, stderr } = await oneip("capture", "--dropped", "-w", file);
  expect([status, stdout, stderr]).toEqual([0, `2 dropped frames are in ${file}\n`, ""]);
  expect(readCapture(readFileSync(file))).toEqual([FRAME, FRAME]);
  const tshark = [
    "-r",
    file,
    "-T",
    "fields",
    "-e",
    "frame.time_epoch",
    "-e",
    "frame.len",
    "-e",
    "frame.comment",
  ];
  const { stdout: printed } = spawnSync("tshark", tshark, { encoding: "utf8" });
  expect(printed.trimEnd().split("\n").map((row) => row.split("\t"))).toEqual([
    [
      "1796000000.123000000",
      "1500",
      "drop_closed, cluster web, client 198.51.100.7, bucket 2248, backend web4",
    ],
    ["1796000000.124000000", String(FRAME.length), "drop_not_ours"],
  ]);
});

test("where it cannot be written one sentence says so, and what was there before stays", async () => {
  const full = await oneip("capture", "--dropped", "-w", "/dev/full");
  expect([full.status, full.stderr]).toEqual([
    1,
    expect.stringMatching(/^oneip: Cannot write \/dev\/full: .*ENOSPC/),
  ]);
  const file = join(folder, "kept.pcapng");
  writeFileSync(file, "as it was");
  // Nothing can be made where the new one would grow.
  mkdirSync(`${file}.part`);
  const { status, stderr } = await oneip("capture", "--dropped", "-w", file);
  expect([status, stderr]).toEqual([1, expect.stringContaining("what was there before is as it was")]);
  expect(readFileSync(file, "utf8")).toBe("as it was");
});
