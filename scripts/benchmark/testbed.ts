/** The network of cluster.yaml, and what is done in it again and again. */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Lab, until } from "oneip";
import { Program } from "../../src/lab/program.ts";
import { runChecked } from "../../src/system/programs.ts";
import type { Port } from "../../src/wire/port.ts";
import { framesOf } from "./process.ts";

export const CLUSTER = { ipv4: "10.0.0.100", ipv6: "2001:db8::100" } as const;
export const BACKENDS = ["web1", "web2"] as const;
/** Of the frames that are made for measuring: RFC 863's, where nobody listens. */
export const DISCARD_PORT = 9;

/** An interface of a machine. */
export interface Place {
  readonly node: string;
  readonly interface: string;
}

/** The machine to which a load comes that nobody forwards. */
export const DROP = { mac: "02:00:00:00:00:27", place: { node: "drop", interface: "eth1" } } as const;

export class Testbed {
  readonly lab: Lab;
  /** For whatever files the programs need; goes with the testbed. */
  readonly folder = mkdtempSync(join(tmpdir(), "oneip-bench-"));
  /** By node: a process that does nothing but have the node's network, so that its counters can be read without a new one. */
  readonly #windows = new Map<string, Program>();
  #started = 0;

  static async up(): Promise<Testbed> {
    const file = fileURLToPath(new URL("./cluster.yaml", import.meta.url));
    return new Testbed(await Lab.up(file, { name: `bench-${process.pid}` }));
  }

  private constructor(lab: Lab) {
    this.lab = lab;
    // The lab goes with the process by itself.
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.once(signal, () => {
        rmSync(this.folder, { recursive: true, force: true });
        process.exit(1);
      });
    }
  }

  /** Starts a program that runs until it is stopped. `cmd` is a shell line; ready when it listens and has printed this. */
  async start(
    node: string,
    cmd: string,
    ports: readonly Port[] = [],
    readyText?: string,
  ): Promise<Program> {
    const logFile = join(this.folder, `${node}-${this.#started++}.log`);
    const there = this.lab.node(node).command([]);
    const program = new Program({ there, cmd, cwd: this.folder, env: {}, logFile, ports, readyText });
    await program.start();
    return program;
  }

  /** Starts a program whose output the caller reads. */
  spawn(node: string, command: readonly string[]): ChildProcess {
    const [program = "", ...args] = this.lab.node(node).command(command);
    return spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  }

  /** Points the router's route for the cluster address at these. */
  async route(nextHops: readonly string[]): Promise<void> {
    const hops = nextHops.flatMap((address) => ["nexthop", "via", address]);
    await this.lab.node("router").exec("ip", "route", "replace", CLUSTER.ipv4, ...hops);
  }

  /** Drops the measured frames as they come in here, so that nothing behind it costs time. */
  async discardAt(place: Place): Promise<void> {
    const rules = `table netdev discard { chain ${place.interface} {
      type filter hook ingress device ${place.interface} priority 0; udp dport ${DISCARD_PORT} drop; }; }`;
    await this.feed(place.node, ["nft", "-f", "-"], rules);
  }

  /** Runs a program to its end there, which reads this. */
  async feed(node: string, command: readonly string[], input: string): Promise<void> {
    await runChecked(this.lab.node(node).command(command), { input });
  }

  async discardNoMore(place: Place): Promise<void> {
    await this.lab.node(place.node).exec("nft", "delete", "chain", "netdev", "discard", place.interface);
  }

  /** Opens a window, so that `framesInto` can look. */
  async watch({ node }: Place): Promise<void> {
    if (this.#windows.has(node)) return;
    const window = await this.start(node, "sleep infinity");
    const comm = () => readFileSync(`/proc/${window.pid}/comm`, "utf8");
    await until("it is in its namespace", () => comm() === "sleep\n");
    this.#windows.set(node, window);
  }

  /** Frames that have come in here so far; of a TAP, those that its program has written. The place must be watched. */
  framesInto(place: Place): number {
    return framesOf(this.#windows.get(place.node)!.pid!, place.interface);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.down();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
