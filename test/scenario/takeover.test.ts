import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Lab, type LabNode, type Report, request, until } from "oneip";
import { converse } from "../../src/api/client.ts";
import { closeAll, DescriptorSocket } from "../../src/device/handed_descriptors.ts";
import { needsTap } from "../needs.ts";
import { ONEIP, ROOT, RUNTIME } from "../runtime.ts";
import { Connections } from "./connections.ts";
import { clientOf, clients, clients6, CLUSTER, expected, labWith } from "./labs.ts";

/** Each with four connections: 200 in all. */
const CLIENTS = [...clients(25), ...clients6(25)];
const OTHER_RUNTIME = RUNTIME === "node" ? "deno" : "node";

/** A takeover takes no other capability. */
const NET_ADMIN_ALONE = ["setpriv", "--bounding-set=-all,+net_admin", "--inh-caps=-all,+net_admin"];

/** A line of a dispatcher's log. */
interface Line {
  readonly msg: string;
  readonly event?: string;
  readonly [key: string]: unknown;
}

/** Stands for the service manager. */
const manager = new DescriptorSocket(join(tmpdir(), `oneip-manager-${process.pid}`));

/** What it has been told, all in all. */
const told: string[] = [];

/** Its queue holds few messages. */
function managerHears(): readonly string[] {
  for (let { text } = manager.receive(); text !== ""; { text } = manager.receive()) told.push(text);
  return told;
}

/** A dispatcher of its own process on a node. */
class Dispatcher {
  readonly #child: ChildProcess;
  #output = "";

  constructor(node: LabNode, runtime: "deno" | "node", ...args: readonly string[]) {
    const oneip = join(ROOT, "scripts/oneip");
    const words = [
      ...(args.includes("--takeover") ? NET_ADMIN_ALONE : []),
      "env",
      `ONEIP_RUNTIME=${runtime}`,
      `NOTIFY_SOCKET=${manager.path}`,
      oneip,
      "run",
      "-c",
      configOf(node),
      ...args,
    ];
    const [command = "", ...rest] = node.command(words);
    this.#child = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.on("data", (octets: Buffer) => this.#output += octets.toString());
    }
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get output(): string {
    return this.#output;
  }

  get lines(): Line[] {
    return this.#output.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async says(text: string): Promise<void> {
    await until(() => `the dispatcher says "${text}"; it said:\n${this.#output}`, () => {
      managerHears();
      if (!this.isRunning && !this.#output.includes(text)) throw new Error(`It ended:\n${this.#output}`);
      return this.#output.includes(text);
    });
  }

  /** Its status, when it has ended. */
  async ended(): Promise<number | null> {
    if (this.isRunning) await once(this.#child, "exit");
    return this.#child.exitCode;
  }

  kill(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }
}

const configs = new WeakMap<LabNode, string>();

/** The configuration of the lab's own dispatcher. */
function configOf(node: LabNode): string {
  const known = configs.get(node) ??
    join(readlinkSync(`/proc/${node.program!.pid}/cwd`), node.plan.startupConfig!);
  configs.set(node, known);
  return known;
}

/** Pings at 1 ms, a thousand at a time, until `end`: how many of how many were answered. */
class Pings {
  readonly #folder = mkdtempSync(join(tmpdir(), "oneip-pings-"));
  readonly #printed: Promise<string>;

  constructor(node: LabNode, client: string) {
    const ping = `ping -q -c1000 -i0.001 -W60 -I ${client} ${CLUSTER}`;
    this.#printed = node.exec("sh", "-c", `until [ -e ${this.#folder}/end ]; do ${ping}; done`);
  }

  async end(): Promise<{ readonly sent: number; readonly answered: number }> {
    writeFileSync(join(this.#folder, "end"), "");
    const printed = await this.#printed;
    rmSync(this.#folder, { recursive: true });
    const counts = [...printed.matchAll(/(\d+) packets transmitted, (\d+) received/g)];
    const sum = (at: number) => counts.reduce((total, count) => total + Number(count[at]), 0);
    return { sent: sum(1), answered: sum(2) };
  }
}

function controlOf({ pid }: Dispatcher): string {
  return `/run/oneip/${statSync(`/proc/${pid}/ns/net`).ino}.sock`;
}

/** Takes over, and ends when the old one lets frames wait already. How much it got to know. */
async function leaveInTheMiddle(control: string): Promise<number> {
  const socket = new DescriptorSocket(`${control}.test`);
  const conversation = await converse(control);
  await conversation.ask("takeover", { version: 1, pid: process.pid, socket: socket.path, addresses: [] });
  closeAll(socket.receive().descriptors);
  const { record } = await conversation.ask("takeoverRecord", {});
  await conversation.ask("takeoverLate", {});
  conversation.end();
  socket.close();
  return record.length;
}

const tapCounter = async (node: LabNode, name: string) =>
  Number(await node.exec("cat", `/sys/class/net/oneip0/statistics/${name}`));

function reportOf(dispatcher: Dispatcher): Report {
  return dispatcher.lines.find(({ msg }) => msg === "stopped") as unknown as Report;
}

describe.skipIf(needsTap())("takeover", () => {
  let lab: Lab;
  let lb: LabNode;
  let connections: Connections;
  let now: Dispatcher;
  /** While nobody had the TAP open. */
  let droppedBefore: number;
  beforeAll(async () => {
    lab = await labWith("takeover", (config) =>
      config.replace("bridge:", "queues: 2\n  bridge:")
        .replace("    backends:", "    transition: {idle: 24h, most: 24h}\n    backends:"));
    lb = lab.node("lb");
    configOf(lb);
    await lb.program!.stop();
    // Of a TAP that stays, the kernel's counters stay too.
    await lb.exec("ip", "tuntap", "add", "oneip0", "mode", "tap", "multi_queue");
    await lb.exec("ip", "link", "set", "oneip0", "txqueuelen", "4096");
    await lab.node("client1").exec("sysctl", "-qw", "net.ipv4.tcp_rmem=4096 131072 262144");
    connections = new Connections(lab.node("client1"));
    now = new Dispatcher(lb, RUNTIME);
    await now.says('"msg":"running"');
    droppedBefore = await tapCounter(lb, "tx_dropped");
    await until(
      "all backends are up",
      () => now.lines.filter(({ event }) => event === "backend.up").length === 4,
    );
  });
  afterAll(async () => {
    if (now?.isRunning) now.kill("SIGKILL");
    await connections?.end();
    await lab?.down();
    manager.close();
  });

  const takeOver = async (runtime: "deno" | "node") => {
    const before = now;
    const next = new Dispatcher(lb, runtime, "--takeover");
    now = next;
    await next.says('"msg":"running"');
    expect(await before.ended(), before.output).toBe(0);
    expect(before.lines.at(-1)).toMatchObject({ event: "takeover.given", pid: next.pid });
    expect(managerHears()).toContain(`MAINPID=${next.pid}`);
    return next;
  };

  test("once and again under load, with buckets in transition: no frame is lost, nothing is cut", async () => {
    expect(await connections.open(CLIENTS)).toBe(200);
    await lb.exec(...ONEIP, "drain", "web1");
    const some = CLIENTS.filter((client) => expected([client])[client] === "web1");
    expect(await connections.open(some)).toBe(200 + 4 * some.length);
    const pings = new Pings(lab.node("client1"), clientOf("web2"));
    const went = connections.goOn();
    for (const runtime of [RUNTIME, OTHER_RUNTIME] as const) await takeOver(runtime);
    const all = await went;
    const { sent, answered } = await pings.end();
    expect(all.filter(({ cut }) => cut !== undefined)).toEqual([]);
    expect(all.filter(({ first, last }) => first !== undefined && first !== last)).toEqual([]);
    expect(sent).toBeGreaterThanOrEqual(1000);
    expect(sent - answered, `lost of ${sent}`).toBe(0);
    const answers = await request(lab.node("client1"), clients(25), `http://${CLUSTER}/`);
    expect(answers.filter(({ backend }) => backend === "web1"), "it is drained still").toEqual([]);
    await lb.exec(...ONEIP, "undrain", "web1");
  });

  test("one that dies before it forwards: the old one goes on", async () => {
    const pings = new Pings(lab.node("client1"), clientOf("web3"));
    const next = new Dispatcher(lb, RUNTIME, "--takeover");
    await now.says("takeover.begun");
    next.kill("SIGKILL");
    await now.says("takeover.failed");
    expect(await leaveInTheMiddle(controlOf(now))).toBeGreaterThan(0);
    await until("it goes on again", () => now.output.split("takeover.failed").length === 3);
    const { sent, answered } = await pings.end();
    expect([sent > 0, sent - answered]).toEqual([true, 0]);
    expect(await lb.exec(...ONEIP, "status", "--json")).toContain('"web4"');
  });

  test("a file for another device is refused, and nobody is harmed", async () => {
    const config = configOf(lb);
    const text = readFileSync(config, "utf8");
    const begun = now.output.split("takeover.begun").length;
    writeFileSync(config, text.replace("queues: 2", "queues: 1"));
    const next = new Dispatcher(lb, RUNTIME, "--takeover");
    expect(await next.ended()).toBe(2);
    writeFileSync(config, text);
    expect(next.output).toContain("dispatcher.queues cannot change while the dispatcher runs");
    expect(now.output.split("takeover.begun").length).toBe(begun);
    await lab.node("client1").exec("ping", "-q", "-c3", "-i0.01", "-W60", CLUSTER);
  });

  test("the counters of all of them together are the kernel's: each frame was seen once, and the TAP dropped none", async () => {
    const dropped = await tapCounter(lb, "tx_dropped");
    now.kill("SIGTERM");
    expect(await now.ended()).toBe(0);
    const { received, fastPath, verdicts, transitions } = reportOf(now);
    expect(received - fastPath.dispatched).toBe(await tapCounter(lb, "tx_packets"));
    expect(Object.values(verdicts).reduce((sum, count) => sum + count, 0)).toBe(received);
    expect(dropped - droppedBefore).toBe(0);
    expect(transitions["web"]!.unremembered).toBe(0);
  });

  test("after a crash and a start only what was in transition is lost", async () => {
    now = new Dispatcher(lb, RUNTIME);
    await now.says('"msg":"running"');
    expect(await connections.open(clients(10))).toBe(40);
    now.kill("SIGKILL");
    await now.ended();
    now = new Dispatcher(lb, RUNTIME);
    await now.says('"msg":"running"');
    const all = await connections.goOn();
    expect(all.filter(({ cut }) => cut !== undefined)).toEqual([]);
    now.kill("SIGTERM");
    expect(await now.ended()).toBe(0);
  });

  test("with no dispatcher to take over from, it says so", async () => {
    if (now.isRunning) now.kill("SIGKILL"); // Where the test before has failed.
    await now.ended();
    now = new Dispatcher(lb, RUNTIME, "--takeover");
    expect(await now.ended()).toBe(2);
    expect(now.output).toContain('no dispatcher runs; run it with "oneip run"');
  });
});
