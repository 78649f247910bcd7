import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { captureFrame, captureHeader } from "../../src/capture/writer.ts";
import type { ReplayedFrame } from "../../src/replay/replayed_frame.ts";
import * as f from "../frames.ts";
import { until } from "../../src/system/until.ts";
import { ONEIP, ROOT } from "../runtime.ts";
import { oneip } from "./oneip.ts";

/** Its dispatcher has the MAC and the address of test/frames.ts. */
const CONFIG = join(ROOT, "netns/routing.oneip.yaml");

const WEB4 = { address: "10.0.0.14", mac: "02:00:00:00:00:14" };
const syn = f.synToCluster("198.51.100.7");
const TO_OTHER = f.ethernet(f.ipv4(f.tcp(), { protocol: f.PROTOCOL.tcp }), { dst: f.MAC.other });
const long = f.ethernet(f.ipv4(f.udp(Array<number>(1000).fill(7)), { src: "198.51.100.7" }));

const FRAMES: readonly Uint8Array[] = [
  syn,
  f.ethernet(f.ipv4(f.udp([1, 2, 3]), { src: "198.51.100.7", ttl: 1 })),
  f.ethernet(f.arp(), { dst: f.MAC.broadcast, type: f.ETHERTYPE.arp }),
  f.ethernet(
    f.arp({
      operation: 2,
      senderMac: WEB4.mac,
      senderIp: WEB4.address,
      targetMac: f.MAC.dispatcher,
      targetIp: f.IP.dispatcher,
    }),
    { src: WEB4.mac, type: f.ETHERTYPE.arp },
  ),
  syn,
  TO_OTHER,
];

const folder = mkdtempSync(join(tmpdir(), "oneip-replay-"));
afterAll(() => rmSync(folder, { recursive: true }));

function capture(name: string, frames: readonly Uint8Array[], { cutTo = Infinity } = {}): string {
  const file = join(folder, name);
  const blocks = frames.map((octets, index) =>
    captureFrame({
      octets: octets.subarray(0, cutTo),
      lengthOnWire: octets.length,
      nanoseconds: 1_796_000_000_000_000_001n + BigInt(index) * 1_000_000n,
      direction: "in",
      comment: "",
    })
  );
  writeFileSync(file, Buffer.concat([captureHeader("eth1"), ...blocks]));
  return file;
}

const ALL = capture("all.pcapng", FRAMES);

async function replayed(...args: readonly string[]): Promise<ReplayedFrame[]> {
  const { status, stdout, stderr } = await oneip("replay", ...args, "-c", CONFIG, "--json");
  expect([status, stderr]).toEqual([0, ""]);
  return stdout.trimEnd().split("\n").map((line) => JSON.parse(line) as ReplayedFrame);
}

test("each frame has its verdict, its client, and what would be sent; a backend's MAC is known from its answer on", async () => {
  const frames = await replayed(ALL);
  const place = { cluster: "web", client: "198.51.100.7", bucket: 2248, backend: "web4" };
  const sent = {
    to: "web4",
    mac: null,
    ttl: 63,
    source: "198.51.100.7",
    destination: f.IP.cluster,
    length: syn.length,
  };
  expect(frames[0]).toEqual({
    number: 1,
    time: "2026-11-30T00:53:20.000000001Z",
    verdict: "dispatched",
    ...place,
    sent,
  });
  expect(frames[1]).toMatchObject({ verdict: "time_exceeded", ...place });
  expect(frames[1]!.sent).toMatchObject({ source: f.IP.dispatcher, destination: "198.51.100.7", ttl: 64 });
  expect(frames[2]).toMatchObject({
    verdict: "answered_arp",
    client: null,
    sent: { to: null, mac: f.MAC.router, ttl: null },
  });
  expect(frames[3]).toMatchObject({ verdict: "heard_neighbor", sent: null });
  expect(frames[4]!.sent).toEqual({ ...sent, mac: WEB4.mac });
  expect(frames[5]).toMatchObject({ verdict: "drop_not_ours", sent: null });
});

test("what-if: with backends down the client has another one, and with none the sender is told", async () => {
  const one = await replayed(ALL, "--down", "web4");
  expect(one[0]!.backend).toMatch(/^web[123]$/);
  const none = await replayed(ALL, ...["web1", "web2", "web3", "web4"].flatMap((name) => ["--down", name]));
  expect(none[0]).toMatchObject({ verdict: "host_unreachable", backend: null });
});

test("the lines for people", async () => {
  const { stdout } = await oneip("replay", ALL, "-c", CONFIG);
  const lines = stdout.trimEnd().split("\n").map((line) => line.trim().split(/ {2,}/));
  expect(lines[0]).toEqual(["frame", "time", "verdict", "client", "bucket", "backend", "sent"]);
  const packet = `198.51.100.7 > ${f.IP.cluster}, ttl 63, ${syn.length} octets`;
  expect(lines[1]!.slice(2)).toEqual(["dispatched", "198.51.100.7", "2248", "web4", `to web4, ${packet}`]);
  expect(lines[5]!.at(-1)).toBe(`to web4 at ${WEB4.mac}, ${packet}`);
});

test("the summary counts, and names frames to others' MACs and the way to count them", async () => {
  const { stdout } = await oneip("replay", ALL, "-c", CONFIG, "--summary");
  expect(stdout).toMatch(/^6 frames\n {2}dispatched +2 +33\.3 %\n/);
  expect(stdout).toMatch(/\ndispatched to\n {2}web4 +2 +33\.3 %\n/);
  expect(stdout).toContain(
    "1 frames are to another MAC than the dispatcher's: drop_not_ours; with --any-mac they count",
  );
  const { stdout: json } = await oneip("replay", ALL, "-c", CONFIG, "--summary", "--json", "--any-mac");
  expect(JSON.parse(json)).toEqual({
    frames: 6,
    verdicts: { dispatched: 3, answered_arp: 1, time_exceeded: 1, heard_neighbor: 1 },
    backends: { web4: 3 },
    toOthers: 1,
    cut: 0,
  });
});

test("a frame that is cut short goes where it would have gone, as long as it was", async () => {
  const file = capture("cut.pcapng", [long], { cutTo: 60 });
  expect((await replayed(file))[0]).toMatchObject({ verdict: "dispatched", sent: { length: long.length } });
  const { stdout } = await oneip("replay", file, "-c", CONFIG, "--summary");
  expect(stdout).toContain("1 frames are cut short in the capture; what is missing was taken as zeros");
});

test("what cannot be read on is one sentence, after what came before it", async () => {
  const octets = [...captureHeader("eth1"), 6, 0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0];
  const file = join(folder, "damaged.pcapng");
  writeFileSync(file, Uint8Array.from(octets));
  for (const args of [[], ["--summary"]]) {
    const { status, stderr } = await oneip("replay", file, "-c", CONFIG, ...args);
    const place = `oneip: ${file}: octet ${octets.length - 12}`;
    expect([status, stderr]).toEqual([
      2,
      `${place}: a block cannot have a length of 9, the file is damaged here\n`,
    ]);
  }
  const nowhere = await oneip("replay", "nowhere.pcap", "-c", CONFIG);
  expect([nowhere.status, nowhere.stderr]).toEqual([
    2,
    "oneip: Cannot read nowhere.pcap: there is no such file\n",
  ]);
  const nobody = await oneip("replay", ALL, "-c", CONFIG, "--down", "web9");
  expect([nobody.status, nobody.stderr]).toEqual([
    2,
    'oneip: There is no backend "web9"; the configuration has web1, web2, web3, web4\n',
  ]);
});

test("of a capture that is going on each frame is printed when it comes", async () => {
  const octets = readFileSync(ALL);
  const first = octets.length - readFileSync(capture("rest.pcapng", FRAMES.slice(1))).length +
    captureHeader("eth1").length;
  const [program = "", ...args] = [...ONEIP, "replay", "-", "-c", CONFIG, "--json"];
  const child = spawn(program, args, { cwd: ROOT, stdio: ["pipe", "pipe", "inherit"] });
  let printed = "";
  child.stdout.on("data", (text) => printed += text);
  const lines = () => printed.split("\n").length - 1;
  child.stdin.write(octets.subarray(0, first));
  await until("the first one is printed", () => lines() === 1);
  child.stdin.end(octets.subarray(first));
  await once(child, "close");
  expect(lines()).toBe(FRAMES.length);
});
