/** A cluster's agents in virtual time: a network that delays, loses and splits, kernels that are slow, machines that sleep and die. */

import { type AgentActions, FilterAgent } from "../../../src/filter/agent/agent.ts";
import { BucketSet } from "../../../src/filter/rules/bucket_set.ts";
import type { Heartbeat } from "../../../src/filter/agent/heartbeat.ts";
import { ownedBuckets } from "../../../src/filter/rules/ownership.ts";
import type { ClusterConfig } from "../../../src/config/config.ts";
import type { Algorithm } from "../../../src/table/bucket_map.ts";
import { VirtualClock } from "../../../src/system/virtual_clock.ts";
import { clusterOf } from "../../config/cluster.ts";
import { Random } from "../../random.ts";

export const INTERVAL_MS = 250;
const TICK_MS = 50;
export const BUCKETS = 32;

interface Machine {
  readonly name: string;
  agent: FilterAgent | undefined;
  /** What its kernel takes, until its lease is over. */
  taken: BucketSet;
  leaseEndMs: number;
  /** Its agent does nothing before then. */
  asleepUntilMs: number;
  hasLink: boolean;
  life: number;
  left: boolean;
}

export class Simulation {
  readonly #clock = new VirtualClock(1_000_000);
  readonly machines: ReadonlyMap<string, Machine>;
  readonly alarms: string[] = [];
  /** Heartbeats may overtake each other. */
  isUnordered = false;
  readonly #deliveries = new Map<string, number>();
  /** Since when two machines hear each other; undefined while they do not. */
  readonly #connected = new Map<string, number | undefined>();
  readonly #random: Random;
  readonly #cluster: ClusterConfig;
  readonly #owned = new Map<string, BucketSet>();
  readonly digests = new Map<string, string>();
  /** Called after everything that happens. */
  #check = () => {};

  constructor(seed: number, names: readonly string[], algorithm: Algorithm = "maglev") {
    this.#random = new Random(seed);
    this.#cluster = clusterOf({ technique: "broadcast", buckets: BUCKETS, algorithm }, names);
    this.machines = new Map(names.map((name) => [name, {
      name,
      agent: undefined,
      taken: BucketSet.none(BUCKETS),
      leaseEndMs: 0,
      asleepUntilMs: 0,
      hasLink: true,
      life: 0,
      left: false,
    }]));
  }

  get nowMs(): number {
    return this.#clock.now();
  }

  owned(name: string, live: string): BucketSet {
    const key = `${name} of ${live}`;
    const known = this.#owned.get(key) ??
      ownedBuckets(this.#cluster, name, (one) => live.split(",").includes(one));
    this.#owned.set(key, known);
    return known;
  }

  /** What a machine's kernel takes now. */
  takes(name: string): BucketSet {
    const { taken, leaseEndMs } = this.machines.get(name)!;
    return this.nowMs < leaseEndMs ? taken : BucketSet.none(BUCKETS);
  }

  /** How many machines take each bucket. */
  owners(): number[] {
    return Array.from(
      { length: BUCKETS },
      (_, bucket) => [...this.machines.keys()].filter((name) => this.takes(name).has(bucket)).length,
    );
  }

  start(name: string): void {
    const machine = this.machines.get(name)!;
    const life = ++machine.life;
    machine.left = false;
    machine.taken = BucketSet.none(BUCKETS); // The agent's own rules take the place of what was there.
    machine.asleepUntilMs = 0;
    const actions: AgentActions = {
      send: (heartbeat) => this.#send(machine, heartbeat),
      give: (own, { leaseMs, patienceMs }, done) => {
        const isSlow = this.#random.below(40) === 0;
        const commitMs = 1 + this.#random.below(isSlow ? 400 : 30);
        const finish = (isGiven: boolean) =>
          this.#after(
            this.#random.below(20),
            () => this.#awake(machine, life, () => done(isGiven, this.nowMs)),
          );
        if (commitMs > patienceMs) return this.#after(patienceMs, () => finish(false));
        // nft goes on when its agent dies, but not when the machine does.
        this.#after(commitMs, () => {
          if (machine.agent === undefined && machine.life !== life) return;
          if (own !== undefined) machine.taken = own;
          machine.leaseEndMs = this.nowMs + leaseMs;
          finish(true);
        });
      },
    };
    machine.agent = new FilterAgent(
      {
        self: name,
        names: [...this.machines.keys()],
        digest: this.digests.get(name) ?? "one",
        boot: this.#clock.sinceEpoch(),
        intervalMs: INTERVAL_MS,
        owned: (other, live) => this.owned(other, live),
        decode: (held) => BucketSet.fromOctets(BUCKETS, held),
      },
      actions,
      this.nowMs,
    );
    this.#tick(machine, life);
  }

  /** The agent dies; the kernel goes on with what it has. */
  killAgent(name: string): void {
    const machine = this.machines.get(name)!;
    machine.agent = undefined;
  }

  /** The machine dies. */
  kill(name: string): void {
    const machine = this.machines.get(name)!;
    machine.agent = undefined;
    machine.life++;
    machine.taken = BucketSet.none(BUCKETS);
  }

  stop(name: string): void {
    const machine = this.machines.get(name)!;
    machine.agent?.leave(this.nowMs, () => {
      machine.agent = undefined;
      machine.left = true;
    });
  }

  sleep(name: string, forMs: number): void {
    const machine = this.machines.get(name)!;
    machine.asleepUntilMs = Math.max(machine.asleepUntilMs, this.nowMs + forMs);
  }

  connect(one: string, other: string, isConnected: boolean): void {
    this.#connected.set(pairOf(one, other), isConnected ? this.nowMs : undefined);
  }

  /** For how long have two machines heard each other? -1 if they do not. */
  connectedMs(one: string, other: string): number {
    const pair = pairOf(one, other);
    const since = this.#connected.has(pair) ? this.#connected.get(pair) : 0;
    return since === undefined ? -1 : this.nowMs - since;
  }

  /** The same, but counted from when both were awake: who sleeps hears nothing. */
  heardMs(one: string, other: string): number {
    const awakeMs = [one, other].map((name) => this.nowMs - this.machines.get(name)!.asleepUntilMs);
    return Math.min(this.connectedMs(one, other), ...awakeMs);
  }

  /** Lets time pass; `check` is called after everything that happens. */
  async run(forMs: number, check: () => void = () => {}): Promise<void> {
    this.#check = check;
    await this.#clock.advance(forMs);
    check();
  }

  /** Delivers a heartbeat as anybody could who has recorded it. */
  inject(to: string, heartbeat: Heartbeat): string | undefined {
    return this.machines.get(to)!.agent?.hear(heartbeat, this.nowMs);
  }

  readonly said: Heartbeat[] = [];

  #send(from: Machine, heartbeat: Heartbeat): void {
    this.said.push(heartbeat);
    for (const to of this.machines.values()) {
      if (to === from || this.connectedMs(from.name, to.name) < 0) continue;
      const { life } = to;
      const way = `${from.name} ${to.name}`;
      const atMs = this.nowMs + 1 + this.#random.below(25);
      const inOrderMs = Math.max(atMs, this.#deliveries.get(way) ?? 0);
      this.#deliveries.set(way, inOrderMs);
      this.#after((this.isUnordered ? atMs : inOrderMs) - this.nowMs, () => {
        if (this.connectedMs(from.name, to.name) < 0) return;
        this.#awake(to, life, () => {
          const alarm = to.agent!.hear(heartbeat, this.nowMs);
          if (alarm !== undefined) this.alarms.push(`${to.name}: ${alarm} of ${heartbeat.name}`);
        });
      });
    }
  }

  #tick(machine: Machine, life: number): void {
    this.#awake(machine, life, () => {
      machine.agent!.tick(this.nowMs, machine.hasLink);
      this.#after(TICK_MS + this.#random.below(10), () => this.#tick(machine, life));
    });
  }

  /** Now, or when its agent wakes; never if it dies before. */
  #awake(machine: Machine, life: number, run: () => void): void {
    const isDue = () => machine.agent !== undefined && machine.life === life;
    if (!isDue()) return;
    if (machine.asleepUntilMs > this.nowMs) {
      this.#after(
        machine.asleepUntilMs - this.nowMs + this.#random.below(3),
        () => this.#awake(machine, life, run),
      );
    } else run();
  }

  #after(ms: number, run: () => void): void {
    this.#clock.after(ms, () => {
      run();
      this.#check();
    });
  }
}

function pairOf(one: string, other: string): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}
