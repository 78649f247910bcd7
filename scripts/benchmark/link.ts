/** What scripts/bench_link measures. */

import { readFileSync, writeFileSync } from "node:fs";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Lab, until } from "oneip";
import { formatTable } from "../../src/cli/table.ts";
import { formatDecision } from "../../src/impairment/decision_log.ts";
import { Direction } from "../../src/impairment/direction.ts";
import { HARMLESS } from "../../src/impairment/settings.ts";
import { runChecked } from "../../src/system/programs.ts";
import { iperf3Command, parseIperf3 } from "./iperf3.ts";
import { cpuNs } from "./process.ts";
import { percentile, spreadOf } from "./statistics.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PAIRS = Number(process.argv[2] ?? 5);
const QUESTIONS = 2000;
const [A, B] = ["10.0.0.1", "10.0.0.2"];
const PORT = 5201;

const VETH = "veth";
const SUBJECTS = [
  { name: VETH, runtime: "deno", key: "" },
  { name: "Deno", runtime: "deno", key: "delay: 0" },
  { name: "Node", runtime: "node", key: "delay: 0" },
] as const;

/** By measure, then by subject: a value of each pair. */
const values = new Map<string, Map<string, number[]>>();

function add(measure: string, subject: string, value: number): void {
  const bySubject = values.get(measure) ?? new Map<string, number[]>();
  values.set(measure, bySubject);
  bySubject.set(subject, [...(bySubject.get(subject) ?? []), value]);
}

function topology(key: string): string {
  const node = (address: string) => `{exec: [ip address add ${address}/24 dev eth1]}`;
  return `name: link\ntopology:\n  nodes: {a: ${node(A)}, b: ${node(B)}}\n  links:\n` +
    `    - endpoints: ["a:eth1", "b:eth1"]\n${key === "" ? "" : `      ${key}\n`}`;
}

async function roundTrips(lab: Lab, subject: string): Promise<void> {
  const program = join(ROOT, "scripts/benchmark/round_trip.ts");
  const script = `deno run --quiet -A --config ${ROOT}deno.json ${program}`;
  const words = `PATH=${ROOT}node_modules/.bin:$PATH`;
  const ask = `${words} ${script} answer ${B} ${A} >/dev/null 2>&1 & echo $!`;
  const pid = (await lab.node("b").exec("sh", "-c", ask)).trim();
  try {
    await until("it answers", async () => {
      const { status } = await lab.node("b").run(["sh", "-c", `ss -Hnua | grep -q ${B}:7`]);
      return status === 0;
    });
    const printed = await lab.node("a").exec("sh", "-c", `${words} ${script} ask ${B} ${A} ${QUESTIONS}`);
    const times = (JSON.parse(printed) as number[]).toSorted((a, b) => a - b);
    add("round trip, p50, µs", subject, percentile(times, 50));
    add("round trip, p99, µs", subject, percentile(times, 99));
  } finally {
    await lab.node("b").run(["kill", pid]);
  }
}

async function throughput(lab: Lab, subject: string): Promise<void> {
  await lab.node("b").exec("sh", "-c", `iperf3 -s -1 -D -B ${B} -p ${PORT}`);
  await until("iperf3 listens", async () => {
    const { status } = await lab.node("b").run(["sh", "-c", `ss -Hnlt | grep -q ${B}:${PORT}`]);
    return status === 0;
  });
  const pid = subject === VETH ? undefined : carrierOf(lab);
  const before = pid === undefined ? undefined : { cpu: cpuNs(pid), frames: await framesOf(lab) };
  const printed = await lab.node("a").exec(...iperf3Command(B, PORT, A, "upload"));
  add("TCP, one flow, Gbit/s", subject, parseIperf3(printed).bitsPerSecond / 1e9);
  if (pid !== undefined && before !== undefined) {
    const frames = await framesOf(lab) - before.frames;
    add("CPU of the program per frame, µs", subject, (cpuNs(pid) - before.cpu) / 1000 / frames);
    add("frames a second, thousands", subject, frames / 1000);
  }
}

async function framesOf(lab: Lab): Promise<number> {
  const directions = await lab.link("a:eth1").status();
  return directions.reduce((sum, { counts }) => sum + counts.frames, 0);
}

function carrierOf({ name }: Lab): number {
  return Number(readFileSync(`/run/oneip/lab/${name}/_links.pid`, "utf8"));
}

function logOf(seed: number): string {
  const direction = new Direction(1, {
    ...HARMLESS,
    delayUs: 20_000,
    jitterUs: 5000,
    loss: 0.01,
    duplicate: 0.001,
    reorder: 0.01,
    corrupt: 0.001,
    seed,
  }, 0);
  const slot = new Uint8Array(1514);
  const lines: string[] = [];
  for (let frame = 0; frame < 1000; frame++) {
    direction.receive(slot, slot.length, frame * 1000);
    lines.push(formatDecision("a:eth1", frame, direction.decision));
    while (direction.take(slot, frame * 1000) > 0);
  }
  return lines.join("\n");
}

const folder = mkdtempSync(join(tmpdir(), "oneip-link-"));
const labs: { readonly name: string; readonly lab: Lab }[] = [];
try {
  for (const { name, runtime, key } of SUBJECTS) {
    const file = join(folder, `${name}.yaml`);
    writeFileSync(file, topology(key));
    const lab = `link-${name.toLowerCase()}-${process.pid}`;
    await runChecked([join(ROOT, "scripts/oneip"), "lab", "up", file, "--name", lab], {
      env: { ONEIP_RUNTIME: runtime },
    });
    labs.push({ name, lab: Lab.open(lab) });
  }
  for (let pair = 0; pair < PAIRS; pair++) {
    for (const { name, lab } of labs) await roundTrips(lab, name);
    for (const { name, lab } of labs) await throughput(lab, name);
  }
  for (const { name, lab } of labs) {
    if (name === VETH) continue;
    const status = readFileSync(`/proc/${carrierOf(lab)}/status`, "utf8");
    add("memory of the program, MB", name, Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
  }
} finally {
  for (const { lab } of labs) await lab.down();
  rmSync(folder, { recursive: true });
}

const cell = (values: readonly number[] | undefined) => {
  const spread = spreadOf(values ?? []);
  if (spread === undefined) return "";
  const digits = spread.median < 10 ? 2 : spread.median < 100 ? 1 : 0;
  const [median, least, most] = [spread.median, spread.least, spread.most].map((value) =>
    value.toFixed(digits)
  );
  return `${median} (${least}-${most})`;
};
console.log(`Medians of ${PAIRS} pairs, least and most in brackets\n`);
console.log(
  formatTable(
    ["", ...SUBJECTS.map(({ name }) => name)],
    [...values].map((
      [measure, bySubject],
    ) => [measure, ...SUBJECTS.map(({ name }) => cell(bySubject.get(name)))]),
  ),
);

const logs = new Set(Array.from({ length: 1000 }, () => logOf(7)));
console.log(
  `\n1,000 runs of seed 7, 1,000 frames each: ${logs.size} log; seed 8: ${
    logs.has(logOf(8)) ? "the same" : "another"
  }`,
);
