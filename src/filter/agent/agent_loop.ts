/**
 * The loop of a filter's agent: what turns datagrams and time into datagrams and rules. It has no sockets, no nft and no
 * interface of its own, so that it runs in virtual time as well.
 */

import type { Logger } from "pino";
import type { Clock, Timer } from "../../system/clock.ts";
import { every } from "../../system/every.ts";
import type { Random } from "../../system/random.ts";
import type { ClusterConfig } from "../../config/config.ts";
import { BucketSet } from "../rules/bucket_set.ts";
import { FilterAgent, type LeaseTimes } from "./agent.ts";
import { Alarms } from "./alarms.ts";
import { digestOf, type Heartbeat, HeartbeatCodec } from "./heartbeat.ts";
import { type Apply, KernelFilter } from "./kernel_filter.ts";
import { MembershipLog } from "./membership_log.ts";
import { ownedIn } from "./owned.ts";

/** Ticks an interval. */
const TICKS = 5;
/** Intervals in which it should be possible to let everything go. */
const LEAVE = 4;

export interface AgentLoopOptions {
  readonly cluster: ClusterConfig;
  /** The backend whose agent this is. */
  readonly backend: string;
  /** Shared by the agents of all backends. */
  readonly key: Uint8Array;
  /** Between two heartbeats. */
  readonly intervalMs: number;
  /** Sends a datagram to the agent of another backend. */
  send(datagram: Uint8Array, to: string): void;
  readonly apply: Apply;
  /** Whether the machine's link is up. */
  hasLink(): boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export class AgentLoop {
  readonly #options: AgentLoopOptions;
  readonly #others: readonly string[];
  readonly #codec: HeartbeatCodec;
  readonly #agent: FilterAgent;
  readonly #kernel: KernelFilter;
  readonly #alarms: Alarms;
  readonly #membershipLog: MembershipLog;
  #ticks: Timer | undefined;

  constructor(options: AgentLoopOptions) {
    const { cluster, backend, key, intervalMs, clock, random, log } = options;
    const names = cluster.backends.map(({ name }) => name);
    const digest = digestOf(cluster);
    this.#options = options;
    this.#others = names.filter((name) => name !== backend);
    this.#codec = new HeartbeatCodec({ self: backend, names, digest, key, random });
    this.#kernel = new KernelFilter(cluster, backend, options.apply);
    this.#alarms = new Alarms(log, clock);
    this.#membershipLog = new MembershipLog(backend, this.#alarms, log);
    this.#agent = new FilterAgent(
      {
        self: backend,
        names,
        digest,
        boot: clock.sinceEpoch(),
        intervalMs,
        owned: ownedIn(cluster),
        decode: (held) => BucketSet.fromOctets(cluster.buckets, held),
      },
      {
        send: (heartbeat) => this.#send(heartbeat),
        give: (own, times, done) => void this.#give(own, times).then((isGiven) => done(isGiven, clock.now())),
      },
      clock.now(),
    );
  }

  /** Names of the live backends, in order. */
  get live(): readonly string[] {
    return this.#agent.membership.live.split(",");
  }

  /** How often each alarm was raised. */
  get alarms(): Readonly<Record<string, number>> {
    return this.#alarms.counts;
  }

  start(): void {
    const { clock, intervalMs } = this.#options;
    this.#ticks = every(clock, intervalMs / TICKS, () => this.#tick());
  }

  /** A datagram came from this address. */
  hear(datagram: Uint8Array, from: string): void {
    const heartbeat = this.#codec.decode(datagram);
    if (heartbeat === "part") return;
    if (heartbeat === "forged") return this.#alarms.raise("forged", from);
    const alarm = this.#agent.hear(heartbeat, this.#options.clock.now());
    if (alarm !== undefined) this.#alarms.raise(alarm, heartbeat.name);
    this.#membershipLog.write(this.#agent.membership);
  }

  /** Lets every bucket go and says so. Should the kernel refuse, the lease runs out by itself. */
  async stop(): Promise<void> {
    const { clock, intervalMs } = this.#options;
    const left = Promise.withResolvers<void>();
    this.#agent.leave(clock.now(), left.resolve);
    const giveUp = clock.after(LEAVE * intervalMs, left.resolve);
    await left.promise;
    giveUp.cancel();
    this.#ticks?.cancel();
  }

  #tick(): void {
    this.#agent.tick(this.#options.clock.now(), this.#options.hasLink());
    this.#membershipLog.write(this.#agent.membership);
  }

  #send(heartbeat: Heartbeat): void {
    const encodeTo = this.#codec.encoder(heartbeat);
    for (const name of this.#others) {
      for (const datagram of encodeTo(name)) this.#options.send(datagram, name);
    }
  }

  /** Whether the kernel has taken it. */
  async #give(own: BucketSet | undefined, { leaseMs, patienceMs }: LeaseTimes): Promise<boolean> {
    try {
      await this.#kernel.give(own, leaseMs, patienceMs);
      return true;
    } catch (error) {
      this.#alarms.raise("kernel", (error as Error).message);
      return false;
    }
  }
}
