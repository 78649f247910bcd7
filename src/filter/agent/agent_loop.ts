/**
 * The loop of a filter's agent: what turns datagrams and time into datagrams and rules. It has no sockets, no nft and no
 * interface of its own, so that it runs in virtual time as well.
 */

import type { Logger } from "pino";
import type { Clock, Timer } from "../../system/clock.ts";
import { every } from "../../system/every.ts";
import type { ClusterConfig } from "../../config/config.ts";
import { BucketSet } from "../rules/bucket_set.ts";
import { ownedBuckets } from "../rules/ownership.ts";
import { FilterAgent, type LeaseTimes } from "./agent.ts";
import { Alarms } from "./alarms.ts";
import { decodeHeartbeat, digestOf, encodeHeartbeat } from "./heartbeat.ts";
import { type Apply, KernelFilter } from "./kernel_filter.ts";
import { memoized } from "./memoized.ts";
import { MembershipLog } from "./membership_log.ts";

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
  /** Sends a datagram to the agents of all other backends. */
  send(datagram: Uint8Array): void;
  readonly apply: Apply;
  /** Whether the machine's link is up. */
  hasLink(): boolean;
  readonly clock: Clock;
  readonly log: Logger;
}

export class AgentLoop {
  readonly #options: AgentLoopOptions;
  readonly #agent: FilterAgent;
  readonly #kernel: KernelFilter;
  readonly #alarms: Alarms;
  readonly #membershipLog: MembershipLog;
  #ticks: Timer | undefined;

  constructor(options: AgentLoopOptions) {
    const { cluster, backend, key, intervalMs, clock, log } = options;
    this.#options = options;
    this.#kernel = new KernelFilter(cluster, backend, options.apply);
    this.#alarms = new Alarms(log, clock);
    this.#membershipLog = new MembershipLog(backend, this.#alarms, log);
    this.#agent = new FilterAgent(
      {
        self: backend,
        names: cluster.backends.map(({ name }) => name),
        digest: digestOf(cluster),
        boot: clock.sinceEpoch(),
        intervalMs,
        owned: memoized((name, live) =>
          ownedBuckets(cluster, name, (other) => live.split(",").includes(other))
        ),
        decode: (held) => BucketSet.fromOctets(cluster.buckets, held),
      },
      {
        send: (heartbeat) => options.send(encodeHeartbeat(heartbeat, key)),
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
    const { key, clock } = this.#options;
    const heartbeat = decodeHeartbeat(datagram, key);
    if (heartbeat === undefined) return this.#alarms.raise("forged", from);
    const alarm = this.#agent.hear(heartbeat, clock.now());
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
