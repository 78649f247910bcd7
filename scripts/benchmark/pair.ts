/**
 * The pause that a client sees when the active one of a pair is gone: two dispatchers of netns/pair.yaml, and in their place keepalived with
 * nftables, at the same interval. Root; all of it happens in namespaces. See scripts/bench_pair.
 */

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Lab, type LabNode, until } from "oneip";
import { formatTable } from "../../src/cli/table.ts";
import { Program } from "../../src/lab/program.ts";
import { cpuNs } from "./process.ts";
import { spreadOf } from "./statistics.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const { values } = parseArgs({
  options: {
    times: { type: "string", default: "10" },
    interval: { type: "string", default: "50" },
    runtime: { type: "string", default: "deno" },
    only: { type: "string", default: "oneip,keepalived" },
    fault: { type: "string", default: "" },
  },
});
const TIMES = Number(values.times);
const INTERVAL_MS = Number(values.interval);
const CLUSTER = "10.0.0.100";
/** What is sent for so long after a fault counts. */
const AFTER_MS = 20 * INTERVAL_MS;

interface Pause {
  readonly pauseMs: number;
  readonly lost: number;
  readonly slowestMs: number;
  readonly lateMs: number;
}

class Client {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;

  constructor(node: LabNode) {
    const words = [process.execPath, join(ROOT, "scripts/benchmark/pair_client.ts"), CLUSTER, "198.51.100.7"];
    const [command = "", ...args] = node.command(words);
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async say(line: "begin" | "end"): Promise<Pause> {
    this.#child.stdin.write(`${line}\n`);
    return JSON.parse((await this.#answers.next()).value as string);
  }

  async end(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.stdin.end();
    await ended;
  }
}

/** One of the two: how each fault is brought about, and how it is whole again afterwards. */
interface Half {
  readonly node: LabNode;
  /** The switch that it is at. */
  readonly lan: LabNode;
  isActive(): Promise<boolean>;
  start(): Promise<void>;
  kill(): Promise<void>;
  stop(): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** Undefined: it knows no such thing. */
  upgrade?(): Promise<void>;
  pids(): number[];
}

const folder = mkdtempSync(join(tmpdir(), "oneip-bench-pair-"));

class Oneip implements Half {
  readonly node: LabNode;
  readonly lan: LabNode;
  readonly #config: string;
  #program: Program;
  /** What the process has said from which the present one has taken over. */
  #before = "";
  #count = 0;

  constructor(node: LabNode, lan: LabNode) {
    this.node = node;
    this.lan = lan;
    this.#config = join(readlinkSync(`/proc/${node.program!.pid}/cwd`), node.plan.startupConfig!);
    this.#program = node.program!;
  }

  async isActive(): Promise<boolean> {
    // The log has the answer at once; a command would take CPU from what is measured.
    await delay(0);
    const log = this.#before + this.#program.log;
    const events = log.match(/"event":"pair\.(active|backup|leaving)","family":"IPv4"/g) ?? [];
    return this.#program.isRunning && events.at(-1)?.includes("active") === true;
  }

  start(): Promise<void> {
    return this.#run("");
  }

  async kill(): Promise<void> {
    await this.#program.stop("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.#program.stop();
  }

  freeze(): void {
    process.kill(this.#program.pid!, "SIGSTOP");
  }

  thaw(): void {
    process.kill(this.#program.pid!, "SIGCONT");
  }

  async upgrade(): Promise<void> {
    await this.#run(" --takeover");
  }

  pids(): number[] {
    return [this.#program.pid!];
  }

  async #run(options: string): Promise<void> {
    this.#before = options === "" ? "" : this.#before + this.#program.log;
    this.#program = new Program({
      there: this.node.command([]),
      cmd: `${ROOT}scripts/oneip run -c ${this.#config}${options}`,
      cwd: ROOT,
      env: { ONEIP_RUNTIME: values.runtime },
      logFile: join(folder, `oneip-${this.node.plan.name}-${this.#count++}.log`),
      ports: [],
      readyText: options === "" ? '"msg":"running"' : "takeover.done",
    });
    writeFileSync(join(folder, `oneip-${this.node.plan.name}-${this.#count - 1}.log`), "");
    await this.#program.start();
  }
}

class Keepalived implements Half {
  readonly node: LabNode;
  readonly lan: LabNode;
  readonly #number: number;
  #program: Program | undefined;
  #count = 0;

  constructor(node: LabNode, lan: LabNode, number: number) {
    this.node = node;
    this.lan = lan;
    this.#number = number;
  }

  /** What nftables does of a dispatcher's work: a client's packets go to one backend, unchanged. */
  async prepare(): Promise<void> {
    await this.node.program!.stop();
    await this.node.exec(
      "sh",
      "-c",
      `
      ip address add 10.0.0.${5 + this.#number}/24 dev br0
      sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.br0.send_redirects=0
      sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 net.ipv4.conf.br0.rp_filter=0
      ip route add default via 10.0.0.1
      for backend in 0 1; do
        ip route add 10.0.0.100 via 10.0.0.$((11 + backend)) dev br0 table $((100 + backend))
        ip rule add fwmark $((1 + backend)) lookup $((100 + backend))
      done
      nft 'table ip lb { chain in { type filter hook prerouting priority mangle; ip daddr 10.0.0.100 meta mark set jhash ip saddr mod 2 offset 1; }; }'
    `,
    );
  }

  async isActive(): Promise<boolean> {
    await delay(0);
    const states = this.#program?.log.match(/Entering (MASTER|BACKUP) STATE/g) ?? [];
    return this.#program?.isRunning === true && states.at(-1)?.includes("MASTER") === true;
  }

  async start(): Promise<void> {
    await this.node.exec("sh", "-c", "ip link delete vr4 2>/dev/null || true");
    const config = join(folder, `keepalived-${this.#number}.conf`);
    writeFileSync(config, CONFIG);
    // One that was killed has left them.
    for (const option of ["p", "r", "c"]) rmSync(`${folder}/${this.#number}-${option}.pid`, { force: true });
    const pids = ["p", "r", "c"].map((option) => `-${option} ${folder}/${this.#number}-${option}.pid`).join(
      " ",
    );
    const logFile = join(folder, `keepalived-${this.#number}-${this.#count++}.log`);
    writeFileSync(logFile, "");
    this.#program = new Program({
      there: this.node.command([]),
      cmd: `keepalived -n -l -D -P -f ${config} ${pids}`,
      cwd: folder,
      env: {},
      logFile,
      ports: [],
      readyText: "Startup complete",
    });
    await this.#program.start();
  }

  /** Both of its processes, as a machine's OOM killer would not: then nobody takes its addresses away. */
  async kill(): Promise<void> {
    const children = this.pids().slice(1);
    await this.#program!.stop("SIGKILL");
    for (const pid of children) process.kill(pid, "SIGKILL");
  }

  async stop(): Promise<void> {
    await this.#program!.stop();
  }

  freeze(): void {
    for (const pid of this.pids()) process.kill(pid, "SIGSTOP");
  }

  thaw(): void {
    for (const pid of this.pids()) process.kill(pid, "SIGCONT");
  }

  pids(): number[] {
    const pid = this.#program!.pid!;
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number)
    );
    return [pid, ...children];
  }
}

const CONFIG = `global_defs {
  vrrp_version 3
}
vrrp_instance v4 {
  state BACKUP
  nopreempt
  interface br0
  virtual_router_id 51
  priority 100
  advert_int ${INTERVAL_MS / 1000}
  use_vmac vr4
  virtual_ipaddress {
    10.0.0.4/24
  }
}
`;

function endsOf({ node, lan }: Half): [node: LabNode, port: string][] {
  return [[node, "eth1"], [lan, node.plan.name]];
}

function dropping(port: string): string {
  return `table netdev cut { chain out { type filter hook egress device ${port} priority 0; policy drop; }; }`;
}

/** What happens to the active one, and what makes it whole again. */
const FAULTS: Readonly<
  Record<string, { happens(half: Half): Promise<unknown> | void; mended(half: Half): Promise<void> | void }>
> = {
  "kill -9": { happens: (half) => half.kill(), mended: (half) => half.start() },
  "stop (SIGTERM)": { happens: (half) => half.stop(), mended: (half) => half.start() },
  // Both of its ends drop what goes out, and the switch remembers where the virtual MAC was.
  "link cut in silence": {
    happens: (half) => Promise.all(endsOf(half).map(([node, port]) => node.exec("nft", dropping(port)))),
    mended: async (half) => {
      for (const [node] of endsOf(half)) await node.exec("nft", "delete table netdev cut");
    },
  },
  "link down": {
    happens: ({ node }) => node.exec("ip", "link", "set", "eth1", "down"),
    mended: async ({ node }) => void await node.exec("ip", "link", "set", "eth1", "up"),
  },
  "kill -STOP": { happens: (half) => half.freeze(), mended: (half) => half.thaw() },
};

const rows: string[][] = [];

async function measure(name: string, one: Half, two: Half, client: Client): Promise<void> {
  const activeOne = () =>
    until("one of the two is active", async () => {
      const [first, second] = [await one.isActive(), await two.isActive()];
      return first !== second && (first ? one : two);
    });
  for (const [fault, { happens, mended }] of Object.entries(FAULTS)) {
    if (!fault.includes(values.fault)) continue;
    const pauses: Pause[] = [];
    const returns: Pause[] = [];
    for (let time = 0; time < TIMES; time++) {
      const active = await activeOne();
      const other = active === one ? two : one;
      await delay(10 * INTERVAL_MS);
      await client.say("begin");
      await happens(active);
      await until("the other one is active", () => other.isActive());
      await delay(AFTER_MS);
      pauses.push(await client.say("end"));
      await client.say("begin");
      await mended(active);
      await delay(AFTER_MS);
      returns.push(await client.say("end"));
    }
    row(name, fault, pauses);
    row(name, `... and it returns`, returns);
  }
  if (one.upgrade !== undefined && "upgrade".includes(values.fault)) {
    const pauses: Pause[] = [];
    for (let time = 0; time < TIMES; time++) {
      const active = await activeOne();
      await client.say("begin");
      await active.upgrade!();
      await delay(AFTER_MS);
      pauses.push(await client.say("end"));
    }
    row(name, "upgrade (--takeover)", pauses);
  }
  const idle = await activeOne();
  const before = idle.pids().reduce((sum, pid) => sum + cpuNs(pid), 0);
  await delay(5000);
  const cpu = idle.pids().reduce((sum, pid) => sum + cpuNs(pid), 0) - before;
  console.log(
    `${name}: the active one takes ${(cpu / 5e7).toFixed(2)} % of a CPU under 1,000 datagrams a second`,
  );
}

function row(name: string, fault: string, pauses: readonly Pause[]): void {
  const spread = (of: (pause: Pause) => number) => {
    const { least, median, most } = spreadOf(pauses.map(of))!;
    return [least, median, most].map((ms) => ms.toFixed(0)).join(" / ");
  };
  const cells = [
    name,
    fault,
    spread((one) => one.pauseMs),
    spread((one) => one.lost),
    spread((one) => one.slowestMs),
    spread((one) => one.lateMs),
  ];
  rows.push(cells);
  console.error(`${cells.join("  ")}  (load ${loadavg()[0]!.toFixed(1)})`);
}

try {
  cpSync(join(ROOT, "netns"), folder, { recursive: true });
  for (const number of [1, 2]) {
    const file = join(folder, `pair${number}.oneip.yaml`);
    writeFileSync(file, readFileSync(file, "utf8").replace("interval: 50ms", `interval: ${INTERVAL_MS}ms`));
  }
  for (const name of values.only.split(",")) {
    await using lab = await Lab.up(join(folder, "pair.yaml"), { name: `pair-${name}-${process.pid}` });
    const client = new Client(lab.node("client1"));
    const nodes = [lab.node("lb1"), lab.node("lb2")] as const;
    if (name === "keepalived") {
      const halves = nodes.map((node, number) => new Keepalived(node, lab.node("lan"), number));
      for (const half of halves) {
        await half.prepare();
        await half.start();
      }
      await measure("keepalived, nftables", halves[0]!, halves[1]!, client);
      for (const half of halves) await half.stop();
    } else {
      const halves = nodes.map((node) => new Oneip(node, lab.node("lan")));
      for (const half of halves) {
        await half.stop();
        await half.start();
      }
      await measure("oneip", halves[0]!, halves[1]!, client);
      for (const half of halves) await half.stop();
    }
    await client.end();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(
  formatTable([
    "pair",
    "fault",
    "pause, ms: least / median / most",
    "lost",
    "slowest answer, ms",
    "client late, ms",
  ], rows),
);
