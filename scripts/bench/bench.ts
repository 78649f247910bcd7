/**
 * The benchmark: CPU time per forwarded frame of the whole process, start-up time and memory, for the dispatcher on both
 * runtimes and for a minimal C loop. All are measured in turn, round after round, so that the machine's moods meet all alike.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Lab, until } from "oneip";

const HERE = fileURLToPath(new URL("./", import.meta.url));
const ONEIP = join(HERE, "../oneip");
const CONFIG = join(HERE, "forwarding.oneip.yaml");
const OWN_MAC = "02:00:00:00:00:02";
const CLUSTER = "10.0.0.100";

/** Of a clock tick in /proc/PID/stat. */
const TICK_MS = 10;
const WARM_UP_MS = 1000;
const MEASURE_MS = 3000;
/** Offered in the start-up measurement. */
const TRICKLE = 5000;

const [build = "", pairs = "5", other] = process.argv.slice(2);

/** What is offered. The C loop forwards IPv4 only: it is the limit, and the limit is the TAP's. */
const LOADS = [
  { name: "64 octets", length: 64, cluster: CLUSTER },
  { name: "1514 octets", length: 1514, cluster: CLUSTER },
  { name: "64 octets of IPv6", length: 64, cluster: "2001:db8::100" },
];

interface Measured {
  /** CPU time of the whole process, user and system, per forwarded frame. */
  cpuNs: number;
  framesPerSecond: number;
  residentMb: number;
}

interface Subject {
  readonly name: string;
  command(sinkMac: string): string[];
  readonly ipv4Only?: true;
}

const SUBJECTS: readonly Subject[] = [
  { name: "C loop", command: (sink) => [join(build, "forward"), "tap0", OWN_MAC, sink], ipv4Only: true },
  {
    name: "oneip on Deno",
    command: () => ["env", "ONEIP_RUNTIME=deno", ONEIP, "run", "-c", CONFIG],
  },
  {
    name: "oneip on Node",
    command: () => ["env", "ONEIP_RUNTIME=node", ONEIP, "run", "-c", CONFIG],
  },
  ...(other === undefined ? [] : [{
    name: `oneip of ${other} on Deno`,
    command: () => [
      "env",
      "ONEIP_RUNTIME=deno",
      join(other, "scripts/oneip"),
      "run",
      "-c",
      join(other, "scripts/bench/forwarding.oneip.yaml"),
    ],
    ipv4Only: true as const,
  }]),
];

const lab = await Lab.up(join(HERE, "forwarding.yaml"), { name: `bench-${process.pid}` });
try {
  const sinkMac = lab.node("sink").plan.interfaces[0]!.mac;
  const rows: Record<string, Measured[]> = {};
  for (const load of LOADS) {
    for (let round = 0; round < Number(pairs); round++) {
      for (const subject of SUBJECTS) {
        if (subject.ipv4Only && load.cluster !== CLUSTER) continue;
        const measured = await forwarding(subject, sinkMac, load);
        (rows[`${subject.name}, ${load.name}`] ??= []).push(measured);
        const [cpuNs, rate] = [Math.round(measured.cpuNs), Math.round(measured.framesPerSecond / 1000)];
        console.error(
          `round ${round + 1}: ${subject.name}, ${load.name}: ${cpuNs} ns of CPU a frame, ${rate} k frames/s`,
        );
      }
    }
  }
  // From here on the frames go all the way, and the dispatcher makes its TAP itself.
  await lab.node("box").exec("nft", "delete", "table", "netdev", "bin");
  await lab.node("box").exec("ip", "link", "delete", "tap0");
  const starts: Record<string, number[]> = {};
  for (let round = 0; round < Number(pairs); round++) {
    for (const subject of SUBJECTS.slice(1, 3)) {
      (starts[subject.name] ??= []).push(await startUp(subject, sinkMac));
    }
  }
  print(rows, starts);
} finally {
  await lab.down();
}

function start(subject: Subject, sinkMac: string): ChildProcess {
  const [program = "", ...args] = lab.node("box").command(subject.command(sinkMac));
  return spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
}

function flood(length: number, rate: number, cluster = CLUSTER): ChildProcess {
  const command = [join(build, "flood"), "eth1", OWN_MAC, cluster, String(length), String(rate)];
  const [program = "", ...args] = lab.node("sender").command(command);
  return spawn(program, args, { stdio: "inherit" });
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

async function forwarding(subject: Subject, sinkMac: string, load: typeof LOADS[0]): Promise<Measured> {
  const child = start(subject, sinkMac);
  const flooding = flood(load.length, 0, load.cluster);
  const idle = await forwarded();
  await until("it forwards", async () => await forwarded() > idle + 1000);
  await delay(WARM_UP_MS);
  const before = { frames: await forwarded(), cpuMs: cpuMs(child.pid!), at: performance.now() };
  await delay(MEASURE_MS);
  const after = { frames: await forwarded(), cpuMs: cpuMs(child.pid!), at: performance.now() };
  const resident = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"));
  await end(flooding);
  await end(child);
  const frames = after.frames - before.frames;
  return {
    cpuNs: (after.cpuMs - before.cpuMs) * 1e6 / frames,
    framesPerSecond: frames * 1000 / (after.at - before.at),
    residentMb: Number(resident?.[1]) / 1024,
  };
}

/** Frames that the process has written to the TAP; 0 while there is none. */
async function forwarded(): Promise<number> {
  const { status, stdout } = await lab.node("box").run(["cat", "/sys/class/net/tap0/statistics/rx_packets"]);
  return status === 0 ? Number(stdout) : 0;
}

/** User and system time of all threads of a process. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** From the start of the process to the first frame that reaches the backend, in milliseconds. */
async function startUp(subject: Subject, sinkMac: string): Promise<number> {
  const load = flood(64, TRICKLE);
  const filter = ["ether", "dst", sinkMac, "and", "ip", "dst", CLUSTER];
  const watch = ["tcpdump", "-nn", "-i", "eth1", "--immediate-mode", "-c", "1", "-w", "/dev/null", ...filter];
  const [program = "", ...args] = lab.node("sink").command(watch);
  const watcher = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  const seen = once(watcher, "exit");
  await once(watcher.stderr!, "data"); // It says that it listens.
  const began = performance.now();
  const child = start(subject, sinkMac);
  await seen;
  const took = performance.now() - began;
  await end(load);
  await end(child);
  return took;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function spread(values: readonly number[], digits = 0): string {
  return `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)}-${
    Math.max(...values).toFixed(digits)
  })`;
}

function print(rows: Record<string, Measured[]>, starts: Record<string, number[]>): void {
  console.log(
    `\nMedian of ${pairs} rounds in turn, least and most in brackets; ${cpus().length} cores, ${
      cpus()[0]?.model
    }`,
  );
  console.log("The ratio is the median of the rounds' own ratios to the C loop.\n");
  const cells = [["subject", "CPU ns per frame", "ratio", "k frames/s", "resident MB"]];
  for (const [name, measured] of Object.entries(rows)) {
    // IPv6 against the C loop's IPv4 of the same length.
    const reference = rows[`C loop, ${name.split(", ").at(-1)!.replace(" of IPv6", "")}`]!;
    const ratios = measured.map(({ cpuNs }, round) => cpuNs / reference[round]!.cpuNs);
    cells.push([
      name,
      spread(measured.map(({ cpuNs }) => cpuNs)),
      spread(ratios, 2),
      spread(measured.map(({ framesPerSecond }) => framesPerSecond / 1000)),
      spread(measured.map(({ residentMb }) => residentMb)),
    ]);
  }
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  for (const row of cells) {
    console.log(row.map((text, column) => text.padEnd(widths[column]!)).join("  ").trimEnd());
  }
  console.log();
  for (const [name, times] of Object.entries(starts)) {
    console.log(`${name}: ${spread(times)} ms from start to the first forwarded frame`);
  }
  writeFileSync(
    "bench.json",
    `${JSON.stringify({ date: new Date().toISOString(), rows, starts }, null, 2)}\n`,
  );
}
