/**
 * What more than one dispatcher costs: CPU and memory of the dispatchers of a pair and of a fleet, of BIRD and of etcd, while nothing happens
 * and under fault. Root; all of it happens in the namespaces of netns/pair.yaml, fleet.yaml and etcd.yaml.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Lab, type LabNode } from "oneip";
import { formatTable } from "../../src/cli/table.ts";
import { cpuNs, residentMb } from "./process.ts";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "20" } } });
const SECONDS = Number(values.seconds);
/** Until what has begun, or was mended, has found its peace. */
const SETTLE_MS = 8000;
const rows: string[][] = [];
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A row for each of these processes, by name. */
async function measure(state: string, processes: Readonly<Record<string, number>>): Promise<void> {
  const before = new Map(Object.values(processes).map((pid) => [pid, cpuNs(pid)]));
  const beganMs = performance.now();
  await sleep(SECONDS * 1000);
  const tookNs = (performance.now() - beganMs) * 1e6;
  for (const [name, pid] of Object.entries(processes)) {
    const share = (cpuNs(pid) - before.get(pid)!) / tookNs;
    rows.push([state, name, (share * 100).toFixed(1), residentMb(pid).toFixed(0)]);
  }
}

const pidIn = (file: string) => Number(readFileSync(file, "utf8"));
const dispatcherAt = (node: LabNode) => node.program!.pid!;

async function withStopped(pids: readonly number[], work: () => Promise<void>): Promise<void> {
  for (const pid of pids) process.kill(pid, "SIGSTOP");
  try {
    await sleep(SETTLE_MS);
    await work();
  } finally {
    for (const pid of pids) process.kill(pid, "SIGCONT");
  }
  await sleep(SETTLE_MS);
}

async function up(topology: string): Promise<Lab> {
  const file = fileURLToPath(new URL(`../../netns/${topology}.yaml`, import.meta.url));
  const lab = await Lab.up(file, { name: `burden${process.pid}-${topology}` });
  await sleep(SETTLE_MS);
  return lab;
}

/** Advertisements of the pair's virtual router with a wrong checksum, from another machine on the link, as many as one core sends. */
const FLOOD = `{
  0x01,0x00,0x5e,0x00,0x00,0x12, 0x02,0x66,0x66,0x66,0x66,0x66, 0x08,0x00,
  0x45,0xc0,0x00,0x20,0x00,0x00,0x00,0x00,0xff,0x70, csumip(14,33), 10,0,0,66, 224,0,0,18,
  0x31,51,200,1, 0x00,0x05, 0x12,0x34, 10,0,0,4 }`;

async function pair(): Promise<void> {
  await using lab = await up("pair");
  const processes = {
    "dispatcher lb1": dispatcherAt(lab.node("lb1")),
    "dispatcher lb2": dispatcherAt(lab.node("lb2")),
  };
  await measure("pair, idle", processes);
  const folder = mkdtempSync(join(tmpdir(), "oneip-burden-"));
  try {
    const file = join(folder, "flood.cfg");
    writeFileSync(file, FLOOD);
    // Which ends its child, too.
    const words = ["timeout", String(SECONDS + 2), "trafgen", "--dev", "eth1", "--conf", file, "--cpus", "1"];
    const [command = "", ...args] = lab.node("web1").command(words);
    const flood = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    let printed = "";
    flood.stdout!.on("data", (octets: Buffer) => printed += octets.toString());
    const ended = once(flood, "exit");
    await measure("pair, forged advertisements", processes);
    await ended;
    const [, sent = "0"] = /(\d+) packets outgoing/.exec(printed) ?? [];
    console.log(`${(Number(sent) / (SECONDS + 2)).toFixed(0)} forged advertisements a second`);
  } finally {
    rmSync(folder, { recursive: true });
  }
  const { "dispatcher lb1": one, "dispatcher lb2": other } = processes;
  await withStopped([one], () => measure("pair, lb1 stands still", { "dispatcher lb2": other }));
}

async function fleet(): Promise<void> {
  await using lab = await up("fleet");
  const dispatcher = dispatcherAt(lab.node("lb1"));
  const bird = pidIn(`/run/oneip/lab/${lab.name}/lb1.bird.pid`);
  await measure("fleet, idle", { dispatcher, BIRD: bird });
  await withStopped([bird], () => measure("fleet, BIRD stands still", { dispatcher }));
}

async function etcd(): Promise<void> {
  await using lab = await up("etcd");
  const folder = `/run/oneip/lab/${lab.name}`;
  const node = lab.node("d1");
  await node.exec(...node.oneip(["config", "push", "-c", `${folder}/d1.oneip.yaml`]));
  const dispatcher = dispatcherAt(node);
  const members = [1, 2, 3].map((n) => pidIn(`${folder}/etcd${n}.pid`));
  await measure("etcd, idle", { dispatcher, "its member": members[0]! });
  await withStopped(
    members.slice(1),
    () => measure("etcd, no quorum", { dispatcher, "its member": members[0]! }),
  );
  await withStopped(members, () => measure("etcd, silent", { dispatcher }));
}

await pair();
await fleet();
await etcd();
console.log(formatTable(["state", "process", "% of a core", "MB"], rows));
