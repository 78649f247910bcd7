/** The network of wire.yaml in namespaces, with real programs. */

import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Lab, type LabNode, until } from "oneip";
import { ask } from "../../../src/api/client.ts";
import type { CommandName, Input, Output } from "../../../src/api/contract.ts";
import type { Technique } from "../../../src/cluster/techniques.ts";
import { seenWhile } from "../../../src/assert/seen_while.ts";
import { call } from "../../../src/lab/traffic.ts";
import { isIpv6 } from "../../../src/wire/address.ts";
import { ROOT } from "../../runtime.ts";
import { Connections } from "../../scenario/connections.ts";
import { Program } from "../../scenario/program.ts";
import { CLUSTER, CLUSTER6, configOf } from "./config.ts";
import type { Dispatcher, Event, Network, Ping, Server, ServerState, Watched } from "./network.ts";

/** Of a download: some hundred packets, so that a path MTU matters. */
const DOWNLOAD = 300_000;

const SERVERS: readonly Server[] = ["web1", "web2", "web3"];

export class InNamespaces implements Network {
  readonly #lab: Lab;
  readonly #client: LabNode;
  readonly #folder = mkdtempSync(join(tmpdir(), "oneip-wire-"));
  readonly #connections: Connections;
  readonly #dispatchers = new Map<Dispatcher, Program>();
  #agents: Program[] = [];

  static async up(): Promise<InNamespaces> {
    const name = `t${process.pid}-wire`;
    return new InNamespaces(await Lab.up(join(ROOT, "test/sim/wire/wire.yaml"), { name }));
  }

  private constructor(lab: Lab) {
    this.#lab = lab;
    this.#client = lab.node("client");
    this.#connections = new Connections(this.#client);
    copyFileSync(join(ROOT, "test/sim/wire/wire.key"), join(this.#folder, "wire.key"));
    for (const dispatcher of ["lb1", "lb2"] as const) {
      writeFileSync(this.#file(dispatcher), configOf(dispatcher));
    }
  }

  async down(): Promise<void> {
    await this.#connections.end();
    await this.stopAgents();
    for (const program of this.#dispatchers.values()) await program.end();
    await this.#lab.down();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async request(clients: readonly string[], port = 80): Promise<Record<string, string>> {
    const families = Object.entries(Object.groupBy(clients, (client) => isIpv6(client) ? CLUSTER6 : CLUSTER));
    const answers = await Promise.all(families.map(([cluster, some]) => {
      const host = isIpv6(cluster) ? `[${cluster}]` : cluster;
      return call(this.#client, some, `http://${host}:${port}/`);
    }));
    return Object.fromEntries(answers.flat().map(({ client, backend }) => [client, backend ?? "nobody"]));
  }

  async hold(clients: readonly string[]): Promise<void> {
    await this.#connections.open(clients);
  }

  async goOn(): Promise<Record<string, string>> {
    const all = await this.#connections.goOn();
    return Object.fromEntries(
      all.map((
        { client, kind, last, cut },
      ) => [`${client} ${kind}`, cut === undefined ? last! : wordOf(cut)]),
    );
  }

  async ping(client: string, { ttl, size, mayFragment = false }: Ping = {}): Promise<boolean> {
    const { status } = await this.#client.run([
      "ping",
      ...["-c1", "-W30", "-I", client, "-M", mayFragment ? "dont" : "do"],
      ...(ttl === undefined ? [] : ["-t", String(ttl)]),
      ...(size === undefined ? [] : ["-s", String(size)]),
      clusterOf(client),
    ]);
    return status === 0;
  }

  async download(client: string): Promise<number> {
    const cluster = clusterOf(client);
    const url = `http://${isIpv6(cluster) ? `[${cluster}]` : cluster}/bytes/${DOWNLOAD}`;
    const curl = ["curl", "-sg", "--max-time", "150", "--interface", client, "-o", "/dev/null"];
    return Number(await this.#client.exec(...curl, "-w", "%{size_download}", url));
  }

  async start(dispatcher: Dispatcher): Promise<void> {
    const node = this.#lab.node(dispatcher);
    const program = new Program(node, ...ownWords(node, ["run", "-c", this.#file(dispatcher)]));
    this.#dispatchers.set(dispatcher, program);
    await program.says('"msg":"running"');
  }

  async stop(dispatcher: Dispatcher, how: "asked" | "killed"): Promise<void> {
    await this.#dispatchers.get(dispatcher)!.end(how === "asked" ? "SIGTERM" : "SIGKILL");
  }

  async drain(dispatcher: Dispatcher, server: Server): Promise<void> {
    await this.#command(dispatcher, "drain", { cluster: "web", backend: server });
  }

  async undrain(dispatcher: Dispatcher, server: Server): Promise<void> {
    await this.#command(dispatcher, "undrain", { cluster: "web", backend: server });
  }

  async technique(dispatcher: Dispatcher, technique: Technique): Promise<void> {
    await this.#command(dispatcher, "technique", { technique });
  }

  async reload(dispatcher: Dispatcher, change: (text: string) => string): Promise<string> {
    const file = this.#file(dispatcher);
    writeFileSync(file, change(readFileSync(file, "utf8")));
    return await this.#command(dispatcher, "reload", {}).then(
      () => "reloaded",
      (error: Error) => error.message.replaceAll(`${this.#folder}/`, ""),
    );
  }

  async stateOf(dispatcher: Dispatcher, server: Server): Promise<ServerState> {
    const input = { cluster: "web", backend: server };
    const { state, why, buckets, live } = await this.#command(dispatcher, "backend", input);
    return { state, why, buckets, live };
  }

  async verdicts(dispatcher: Dispatcher): Promise<Readonly<Record<string, number>>> {
    return (await this.#command(dispatcher, "counters", {})).verdicts;
  }

  async isInformed(dispatcher: Dispatcher): Promise<boolean> {
    return (await this.#command(dispatcher, "status", {})).peer!.clusters > 0;
  }

  events(dispatcher: Dispatcher): Promise<readonly Event[]> {
    const lines = this.#dispatchers.get(dispatcher)!.output.split("\n").slice(0, -1);
    return Promise.resolve(
      lines.filter((line) => line.includes('"event":')).map((line) => JSON.parse(line) as Event),
    );
  }

  async kill(server: Server): Promise<void> {
    await this.#lab.node(server).program!.stop("SIGKILL");
  }

  async revive(server: Server): Promise<void> {
    await this.#lab.node(server).program!.start();
  }

  async unplug(server: Server): Promise<void> {
    await this.#lab.node("lan").exec("ip", "link", "set", server, "down");
  }

  async plugIn(server: Server): Promise<void> {
    await this.#lab.node("lan").exec("ip", "link", "set", server, "up");
  }

  async startAgents(): Promise<void> {
    this.#agents = SERVERS.map((server) => {
      const node = this.#lab.node(server);
      const words = ["filter", "agent", "-c", this.#file("lb1"), "--backend", server];
      return new Program(node, ...ownWords(node, words));
    });
    for (const agent of this.#agents) await agent.says('"msg":"buckets"');
  }

  async stopAgents(): Promise<void> {
    await Promise.all(this.#agents.splice(0).map((agent) => agent.end()));
  }

  async narrow(mtu: number): Promise<void> {
    await this.#lab.node("router").exec("ip", "link", "set", "eth1", "mtu", String(mtu));
  }

  async routerForgets(): Promise<void> {
    await this.#lab.node("router").exec("ip", "neigh", "flush", "dev", "eth2");
  }

  async routerKnows(address: string): Promise<string | undefined> {
    const printed = await this.#lab.node("router").exec("ip", "-j", "neigh", "show", "to", address);
    return (JSON.parse(printed || "[]") as { lladdr?: string }[])[0]?.lladdr;
  }

  async watch<T>(action: () => Promise<T>): Promise<Watched<T>> {
    const { result, observations, gaps } = await seenWhile(this.#lab, action);
    if (gaps.length > 0) throw new Error(gaps.join("; "));
    return { result, observations };
  }

  until<T>(what: string, condition: () => Promise<T | false | undefined>): Promise<T> {
    return until(what, condition);
  }

  #command<N extends CommandName>(dispatcher: Dispatcher, name: N, input: Input<N>): Promise<Output<N>> {
    const { ino } = statSync(`/run/netns/${this.#lab.name}-${dispatcher}`);
    return ask(`/run/oneip/${ino}.sock`, name, input);
  }

  #file(dispatcher: Dispatcher): string {
    return join(this.#folder, `${dispatcher}.yaml`);
  }
}

/** The command `oneip` on a node, without the words that Program puts before it. */
function ownWords(node: LabNode, words: readonly string[]): string[] {
  return node.oneip(words).slice(node.command([]).length);
}

function clusterOf(client: string): string {
  return isIpv6(client) ? CLUSTER6 : CLUSTER;
}

/** How a connection was cut, in a word that does not depend on who says it. */
function wordOf(message: string): string {
  // Which of the two it is, says what was in whose buffers when.
  if (/ECONNRESET|EPIPE|closed by the server/.test(message)) return "cut";
  if (/ETIMEDOUT/.test(message)) return "timed out";
  if (/EHOSTUNREACH|ENETUNREACH/.test(message)) return "unreachable";
  return message;
}
