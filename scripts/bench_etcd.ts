/** What scripts/bench_etcd measures. */

import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Lab, until } from "../src/mod.ts";
import { ask } from "../src/api/client.ts";
import { cpuNs, residentMb } from "./benchmark/process.ts";

const [runs = "10"] = process.argv.slice(2);
const RUNS = Number(runs);
const NAMES = ["d1", "d2", "d3"];
const IDLE_MS = 30_000;
const FAILOVER = "from the first that finds a backend dead to the last map without it";
const NETNS = join(import.meta.dirname!, "../netns");

interface Line {
  readonly time: string;
  readonly event?: string;
  readonly revision?: number;
  readonly moves?: readonly { readonly from: string | null }[];
}

function spread(values: readonly number[], unit: string): string {
  const ascending = values.toSorted((a, b) => a - b);
  const [least, median, most] = [0, Math.floor(ascending.length / 2), ascending.length - 1].map((at) =>
    ascending[at]!
  );
  return `${least!.toFixed(1)} / ${median!.toFixed(1)} / ${most!.toFixed(1)} ${unit}`;
}

class Bed {
  readonly lab: Lab;

  constructor(lab: Lab) {
    this.lab = lab;
  }

  get folder(): string {
    return `/run/oneip/lab/${this.lab.name}`;
  }

  status(name: string) {
    return ask(`/run/oneip/${statSync(`/run/netns/${this.lab.name}-${name}`).ino}.sock`, "status", {});
  }

  lines(name: string): Line[] {
    return this.lab.node(name).program!.log.split("\n").filter((line) => line.startsWith("{")).map((line) =>
      JSON.parse(line)
    );
  }

  all(is: (name: string) => Promise<boolean>): Promise<true> {
    return until("all three are so", async () => (await Promise.all(NAMES.map(is))).every(Boolean));
  }

  /** Processes by name: the dispatcher itself, below what started it. */
  pids(): number[] {
    return NAMES.map((name) => this.lab.node(name).program!.pid!);
  }
}

/** From the moment before etcd is asked until the last of the three says that it runs by it. */
async function adoption(bed: Bed): Promise<number[]> {
  const { lab, folder } = bed;
  const file = join(folder, "d1.oneip.yaml");
  const text = readFileSync(file, "utf8");
  const found: number[] = [];
  for (let run = 0; run < RUNS + 1; run++) {
    const clusters = text.slice(text.indexOf("clusters:"), text.indexOf("fleet:")).replace("buckets:", "")
      .replace(
        "    backends:",
        `    seed: ${run + 1}\n    backends:`,
      );
    writeFileSync(join(folder, "next"), clusters);
    const printed = await lab.node("client").exec(
      "sh",
      "-c",
      `date +%s%3N; etcdctl --endpoints http://10.0.0.31:2379 put /oneip/configuration -w json <${folder}/next`,
    );
    const [began = "", answer = ""] = printed.trim().split("\n");
    const revision = JSON.parse(answer).header.revision as number;
    const times = await Promise.all(NAMES.map((name) =>
      until(`${name} runs by ${revision}`, () => {
        const line = bed.lines(name).find((line) =>
          line.event === "configuration.reloaded" && line.revision === revision
        );
        return line && Date.parse(line.time);
      })
    ));
    if (run > 0) found.push(Math.max(...times) - Number(began));
    await bed.all(async (name) => !((await bed.status(name)).etcd!.alone));
  }
  return found;
}

/** From the first dispatcher that finds a backend dead to the last one whose map is without it. */
async function failover(bed: Bed): Promise<number[]> {
  const found: number[] = [];
  const server = bed.lab.node("web3").program!;
  const changed = (name: string) =>
    bed.lines(name).filter(({ event, moves }) =>
      event === "map.changed" && moves!.some(({ from }) => from === "web3")
    );
  const down = (name: string) => bed.lines(name).filter(({ event }) => event === "backend.down");
  for (let run = 0; run < RUNS; run++) {
    const before = NAMES.map((name) => changed(name).length);
    const downs = NAMES.map((name) => down(name).length);
    await server.stop("SIGKILL");
    const maps = await Promise.all(
      NAMES.map((name, index) => until(`${name} has another map`, () => changed(name)[before[index]!])),
    );
    const first = await Promise.all(
      NAMES.map((name, index) => until(`${name} finds it dead`, () => down(name)[downs[index]!])),
    );
    const firstMs = Math.min(...first.map(({ time }) => Date.parse(time)));
    found.push(Math.max(...maps.map(({ time }) => Date.parse(time))) - firstMs);
    await server.start();
    await allUp(bed);
  }
  return found;
}

/** For each of the three by itself. */
function allUp(bed: Bed): Promise<true> {
  return bed.all(async (name) =>
    (await bed.status(name)).clusters[0]!.backends.every(({ live, state }) => live && state === "up")
  );
}

async function idle(bed: Bed): Promise<{ readonly cpu: number[]; readonly mb: number[] }> {
  const before = bed.pids().map(cpuNs);
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  return {
    cpu: bed.pids().map((pid, index) => (cpuNs(pid) - before[index]!) / 1e6 / (IDLE_MS / 1000)),
    mb: bed.pids().map(residentMb),
  };
}

async function withLab(file: string, work: (bed: Bed) => Promise<void>): Promise<void> {
  await using lab = await Lab.up(file, { name: `bench-etcd-${process.pid}` });
  await work(new Bed(lab));
}

/** The lab, in which a backend may die as often as it is wanted. */
const folder = mkdtempSync(join(tmpdir(), "oneip-bench-etcd-"));
cpSync(NETNS, folder, { recursive: true });
const config = join(folder, "etcd.oneip.yaml");
const text = readFileSync(config, "utf8").replace("    health:", "    flaps: 100\n    health:");
try {
  writeFileSync(config, text);
  await withLab(join(folder, "etcd.yaml"), async (bed) => {
    await bed.all(async (name) => (await bed.status(name)).etcd!.dispatchers.length === 3);
    const adopted = spread(await adoption(bed), "ms");
    console.log(`a new revision, until all three run by it: ${adopted} (min / median / max of ${RUNS})`);
    console.log(`${FAILOVER}: ${spread(await failover(bed), "ms")}`);
    const { cpu, mb } = await idle(bed);
    console.log(`idle: ${spread(cpu, "ms of CPU a second")}, ${spread(mb, "MB")} (three dispatchers)`);
  });
  writeFileSync(config, text.replace(/fleet:\n(.*\n)*/, "fleet: {}\n"));
  await withLab(join(folder, "etcd.yaml"), async (bed) => {
    await allUp(bed);
    console.log(`${FAILOVER}, without etcd: ${spread(await failover(bed), "ms")}`);
    const { cpu, mb } = await idle(bed);
    console.log(`idle, without etcd: ${spread(cpu, "ms of CPU a second")}, ${spread(mb, "MB")}`);
  });
} finally {
  rmSync(folder, { recursive: true });
}
