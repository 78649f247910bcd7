import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { CaptureInput } from "../../src/api/contract.ts";
import { listen, type Listener } from "../../src/api/socket.ts";
import { readCapture } from "../../src/capture/reader.ts";
import { captureFrame, captureHeader, captureStatistics } from "../../src/capture/writer.ts";
import { until } from "../../src/system/until.ts";
import * as f from "../frames.ts";
import { SOURCES } from "../api/handlers.ts";
import { needsRoot } from "../needs.ts";
import { ONEIP, ROOT } from "../runtime.ts";
import { oneip } from "./oneip.ts";

const folder = mkdtempSync(join(tmpdir(), "oneip-capture-"));
const before = process.env["ONEIP_CONTROL"];
const FRAME = f.synToCluster("198.51.100.7");
const place = { cluster: "web", client: "198.51.100.7", bucket: 2248, backend: "web4" };
const nowhere = { cluster: null, client: null, bucket: null, backend: null };
const octets = Buffer.from(FRAME).toString("base64");

const frame = captureFrame({
  octets: FRAME,
  lengthOnWire: FRAME.length,
  nanoseconds: 1_796_000_000_000_000_000n,
  direction: "in",
  comment: "dispatched",
});
const BEGUN = "Capturing; Ctrl-C ends it\n";

const statistics = (lost: number, comment?: string) =>
  captureStatistics({ nanoseconds: 1_796_000_000_000_000_000n, lost, comment });

/** What the dispatcher sends; and what it was asked for. */
let sent: readonly Uint8Array[];
let isEndless: boolean;
let asked: CaptureInput[];
let cancelled: number;
let server: Listener;
beforeAll(async () => {
  process.env["ONEIP_CONTROL"] = join(folder, "control");
  const dropped = () => [
    { sinceEpochMs: 1_796_000_000_123, verdict: "drop_closed", ...place, length: 1500, octets },
    { sinceEpochMs: 1_796_000_000_124, verdict: "drop_not_ours", ...nowhere, length: FRAME.length, octets },
  ];
  server = await listen(process.env["ONEIP_CONTROL"], {
    ...SOURCES,
    handlers: { ...SOURCES.handlers, dropped },
    capture(input) {
      asked.push(input);
      return new ReadableStream({
        start(controller) {
          controller.enqueue(captureHeader("oneip0"));
          for (const octets of sent) controller.enqueue(octets);
          if (!isEndless) controller.close();
        },
        cancel: () => void cancelled++,
      });
    },
  });
});
beforeEach(() => {
  sent = [frame, frame, statistics(3)];
  isEndless = false;
  asked = [];
  cancelled = 0;
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
  const fields = ["time_epoch", "len", "comment"].flatMap((name) => ["-e", `frame.${name}`]);
  const { stdout: printed } = spawnSync("tshark", ["-r", file, "-T", "fields", ...fields], {
    encoding: "utf8",
  });
  expect(printed.trimEnd().split("\n").map((row) => row.split("\t"))).toEqual([
    [
      "1796000000.123000000",
      "1500",
      "drop_closed, cluster web, client 198.51.100.7, bucket 2248, backend web4",
    ],
    ["1796000000.124000000", String(FRAME.length), "drop_not_ours"],
  ]);
});

test("where dropped frames cannot be written one sentence says so, and what was there before stays", async () => {
  const full = await oneip("capture", "--dropped", "-w", "/dev/full");
  expect([full.status, full.stderr]).toEqual([
    1,
    expect.stringMatching(/^oneip: Cannot write \/dev\/full: .*ENOSPC/),
  ]);
  const file = join(folder, "kept.pcapng");
  writeFileSync(file, "as it was");
  // Nothing can be made where the new one would grow.
  mkdirSync(`${file}.part`);
  const { status, stderr } = await oneip("capture", "--dropped", "--force", "-w", file);
  expect([status, stderr]).toEqual([1, expect.stringContaining("what was there before is as it was")]);
  expect(readFileSync(file, "utf8")).toBe("as it was");
});

test("a file that is there is not written over, unless that is asked for", async () => {
  for (const kind of [["--dropped"], []]) {
    const file = join(folder, `old${kind}.pcapng`);
    writeFileSync(file, "as it was");
    const { status, stderr } = await oneip("capture", ...kind, "-w", file);
    expect([status, stderr]).toEqual([
      2,
      `oneip: ${file} exists already; give another name, or --force to write over it\n`,
    ]);
    expect(readFileSync(file, "utf8")).toBe("as it was");
    expect((await oneip("capture", ...kind, "--force", "-w", file)).status).toBe(0);
    expect(readCapture(readFileSync(file))).toEqual([FRAME, FRAME]);
  }
});

test("frames as they come go into a file; what is asked for goes along, and how many were lost is said", async () => {
  const file = join(folder, "live.pcapng");
  const wanted = [
    "--client",
    "198.51.100.0/24",
    "--verdict",
    "dispatched",
    "drop_closed",
    "--direction",
    "in",
  ];
  const { status, stdout, stderr } = await oneip(
    "capture",
    "-w",
    file,
    ...wanted,
    "--count",
    "2",
    "--backend",
    "web/web4",
  );
  expect([status, stdout, stderr]).toEqual([0, "", `${BEGUN}2 frames captured, 3 lost\n`]);
  expect(asked).toEqual([{
    client: "198.51.100.0/24",
    verdicts: ["dispatched", "drop_closed"],
    direction: "in",
    count: 2,
    backend: "web/web4",
  }]);
  expect(readCapture(readFileSync(file))).toEqual([FRAME, FRAME]);
});

test("when the dispatcher ends it, its reason is said, behind what was captured", async () => {
  sent = [frame, statistics(0, "Another process takes over")];
  const file = join(folder, "ended.pcapng");
  const { status, stderr } = await oneip("capture", "-w", file);
  expect([status, stderr]).toEqual([
    1,
    `${BEGUN}1 frames captured, 0 lost\noneip: Another process takes over\n`,
  ]);
});

/** A process of its own. `stdout`: where that goes. */
function started(stdout: number | "pipe", words: readonly string[] = [...ONEIP, "capture"]): ChildProcess {
  const [program = "", ...args] = words;
  return spawn(program, args, { cwd: ROOT, stdio: ["ignore", stdout, "pipe"] });
}

/** Its end, and what it said on standard error. */
async function ended(child: ChildProcess): Promise<[status: number, stderr: string]> {
  let stderr = "";
  child.stderr!.on("data", (text) => stderr += text);
  const [status] = await once(child, "close");
  return [status, stderr];
}

test("to standard output: the header and frames at once; Ctrl-C ends it, and the dispatcher hears of it", async () => {
  isEndless = true;
  const file = join(folder, "output.pcapng");
  const output = openSync(file, "w");
  const child = started(output);
  closeSync(output);
  const end = ended(child);
  await until(
    "the frames are there",
    () => readFileSync(file).length >= captureHeader("oneip0").length + 2 * frame.length,
  );
  process.kill(child.pid!, "SIGINT"); // Deno's child.kill() would name the signal as what ended it.
  expect(await end).toEqual([0, "2 frames captured, 3 lost\n"]);
  expect(readCapture(readFileSync(file))).toEqual([FRAME, FRAME]);
  await until("the dispatcher has heard of it", () => cancelled === 1);
});

test("who has read enough ends it, without a word; who stands still does not keep it from ending", async () => {
  isEndless = true;
  const enough = started("pipe");
  const end = ended(enough);
  enough.stdout!.destroy();
  expect(await end).toEqual([0, ""]);

  const fifo = join(folder, "fifo");
  spawnSync("mkfifo", [fifo]);
  const full = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  expect(() => {
    for (;;) writeSync(full, new Uint8Array(4096));
  }).toThrow(/EAGAIN|temporarily unavailable/);
  sent = [frame];
  const slow = started(full);
  const slowEnd = ended(slow);
  await until("it captures", () => asked.length === 2);
  process.kill(slow.pid!, "SIGINT");
  expect(await slowEnd).toEqual([0, "0 frames captured, 0 lost\n"]);
  closeSync(full);
});

test.skipIf(needsRoot())("on a full disk it says so, and keeps what was written, whole", async () => {
  sent = Array<Uint8Array>(4000).fill(frame);
  const script =
    'mount -t tmpfs -o size=64k tmpfs "$1" && "${@:2}" -w "$1/x"; status=$?; cat "$1/x"; exit $status';
  const mountPoint = join(folder, "small");
  mkdirSync(mountPoint);
  const child = started("pipe", [
    "unshare",
    "-m",
    "bash",
    "-c",
    script,
    "bash",
    mountPoint,
    ...ONEIP,
    "capture",
  ]);
  const written: Uint8Array[] = [];
  child.stdout!.on("data", (part) => written.push(part));
  const [status, stderr] = await ended(child);
  const frames = readCapture(Buffer.concat(written));
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /^Capturing; .*\n\d+ frames captured, 0 lost\noneip: Cannot write .*\/x: .*no space left on device.*; what was written before is kept\n$/i,
  );
  expect(stderr).toContain(`\n${frames.length} frames captured`);
  expect(frames.length).toBe(Math.floor((65_536 - captureHeader("oneip0").length) / frame.length));
});
