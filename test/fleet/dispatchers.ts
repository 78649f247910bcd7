/** Dispatchers of a fleet, each before machines of its own view, in virtual time; they share an etcd in memory. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { Following } from "../../src/api/following.ts";
import { Running } from "../../src/api/running.ts";
import { loadConfig } from "../../src/config/load.ts";
import { machines, Run } from "../engine/run.ts";
import type { Neighbor } from "../engine/simulated_link.ts";
import { MachineClock } from "../machine_clock.ts";
import { MemoryEtcd, type Way } from "../../src/sim/memory_etcd.ts";

export const BACKENDS = 4;

export interface Line {
  readonly event?: string;
  readonly reason?: string;
  readonly [key: string]: unknown;
}

/** The clusters as they are shared. */
export function clusters(more = "", backends = BACKENDS): string {
  const all = Array.from(
    { length: backends },
    (_, index) => `      - {name: web${index + 1}, address: 10.0.1.${index}}\n`,
  );
  return `clusters:\n  - name: web\n    addresses: [10.0.0.100]\n    buckets: 256\n${more}    backends:\n${
    all.join("")
  }`;
}

export class Member {
  readonly name: string;
  readonly way: Way = {};
  readonly machines: readonly Neighbor[];
  readonly run: Run;
  readonly file: string;
  running!: Running;
  following!: Following;
  #lines: Line[] = [];
  readonly #fleet: Fleet;

  constructor(fleet: Fleet, name: string, index: number, text: string) {
    this.#fleet = fleet;
    this.name = name;
    this.file = join(fleet.folder, `${name}.yaml`);
    const mac = `02:00:00:00:00:0${index + 2}`;
    writeFileSync(
      this.file,
      `dispatcher: {mac: "${mac}", addresses: [10.0.0.2/15], verify: "off"}\n${text}` +
        `fleet: {etcd: {endpoints: [http://10.0.0.5:2379], name: ${name}${fleet.keys}}}\n`,
    );
    this.machines = machines(BACKENDS).map(({ server: _, ...machine }) => machine);
    this.run = new Run(this.machines, loadConfig(this.file), fleet.clock);
  }

  async start(): Promise<void> {
    const { clock, etcd } = this.#fleet;
    const config = loadConfig(this.file);
    const engine = await this.run.start();
    const log = pino({ base: null }, { write: (line: string) => void this.#lines.push(JSON.parse(line)) });
    this.running = new Running({ engine, attachment: this.run.attachment as never, clock }, {
      ...{ file: this.file, config, log, reloaded: (config) => this.following.follow(config, undefined) },
      manager: { during: (work: () => unknown) => work() } as never,
    });
    this.following = new Following(this.running, log, clock, etcd.by(this.way));
    this.following.follow(config, undefined);
  }

  /** As a process that is killed. */
  async die(): Promise<void> {
    await this.following.stop(true);
    await this.running.stop();
  }

  /** Whose each bucket is. */
  owners(): string {
    const { backends, owners } = this.running.engine.buckets("web");
    return owners.map((owner) => backends[owner] ?? "-").join(" ");
  }

  /** The backends that have buckets. */
  serving(): string[] {
    return this.running.status().clusters[0]!.backends.filter(({ buckets }) => buckets > 0).map(({ name }) =>
      name
    );
  }

  get isAlone(): boolean {
    return this.following.status()!.isAlone;
  }

  /** Lines of the log since they were last taken. */
  lines(): Line[] {
    return this.#lines.splice(0);
  }

  events(): string[] {
    return this.lines().flatMap(({ event }) => event?.match(/^(fleet|configuration)\./) ? [event] : []);
  }
}

export class Fleet {
  readonly clock = new MachineClock();
  readonly etcd = new MemoryEtcd(this.clock);
  readonly folder = mkdtempSync(join(tmpdir(), "oneip-fleet-"));
  readonly members: readonly Member[];

  /** More keys of `fleet.etcd`. */
  readonly keys: string;

  constructor(count: number, text = clusters(), keys = "") {
    this.keys = keys;
    this.members = Array.from(
      { length: count },
      (_, index) => new Member(this, `d${index + 1}`, index, text),
    );
  }

  async start(): Promise<void> {
    for (const member of this.members) await member.start();
    await this.clock.advance(8000);
  }

  /** A machine lives or dies, for these dispatchers or for all. */
  set(machine: number, isAlive: boolean, members: readonly Member[] = this.members): void {
    for (const member of members) member.machines[machine]!.isAlive = isAlive;
  }

  async end(): Promise<void> {
    for (const { following, running } of this.members) {
      const left = following.stop(true);
      await running.stop();
      await left;
    }
    rmSync(this.folder, { recursive: true });
  }
}
