/**
 * A cluster of whole agents in virtual time: heartbeats travel as datagrams, nft's commands as text, leases run out. The network
 * delays, kernels are slow now and then, machines and agents die.
 */

import pino from "pino";
import type { ClusterConfig } from "../../../src/config/config.ts";
import { AgentLoop } from "../../../src/filter/agent/agent_loop.ts";
import { BucketSet } from "../../../src/filter/rules/bucket_set.ts";
import { VirtualClock } from "../../../src/system/virtual_clock.ts";
import { Random } from "../../random.ts";

export const INTERVAL_MS = 2000;
const KEY = new TextEncoder().encode("sixteen characters or more");
const LONGEST_WAY_MS = 25;
const USUAL_NFT_MS = 30;
/** Longer than an agent's patience, at its most. */
const SLOWEST_NFT_MS = 3200;

/** What nft would do with an agent's commands: which buckets the kernel takes, and until when. */
class Kernel {
  #own: BucketSet | undefined;
  #leaseEndMs = 0;

  /** Whether it takes buckets now that it did not take. Throws as nft does when there is no table. */
  apply(commands: string, buckets: number, nowMs: number): boolean {
    if (!commands.includes("add table") && this.#own === undefined) {
      throw new Error("No such file or directory");
    }
    const isOther = / mine$/m.test(commands);
    const hasLapsed = nowMs >= this.#leaseEndMs;
    if (isOther) {
      const elements = / mine \{.*?([\d, -]+) \}/.exec(commands)?.[1] ?? "";
      const own = new Uint8Array(buckets);
      for (const [, first, last = first] of elements.matchAll(/(\d+)(?:-(\d+))?/g)) {
        own.fill(1, Number(first), Number(last) + 1);
      }
      this.#own = BucketSet.of(buckets, (bucket) => own[bucket] === 1);
    }
    this.#leaseEndMs = nowMs + Number(/ipv4 timeout (\d+)ms/.exec(commands)![1]);
    return isOther || hasLapsed;
  }

  takes(buckets: number, nowMs: number): BucketSet {
    return this.#own !== undefined && nowMs < this.#leaseEndMs ? this.#own : BucketSet.none(buckets);
  }
}

/** An agent from its start to its death. */
interface Life {
  readonly loop: AgentLoop;
  /** How long a datagram to it is on its way. */
  readonly wayMs: number;
  isOver: boolean;
}

export class AgentCluster {
  readonly clock = new VirtualClock(Date.UTC(2026, 0, 1));
  /** The logs of all agents in one, each line with its time and backend. */
  readonly log: string[] = [];
  readonly names: readonly string[];
  /** Datagrams sent so far, and the octets of the longest one. */
  readonly sent = { datagrams: 0, longest: 0 };
  readonly #cluster: ClusterConfig;
  readonly #random: Random;
  readonly #isEverSlow: boolean;
  readonly #kernels = new Map<string, Kernel>();
  readonly #lives = new Map<string, Life>();

  /** `isEverSlow`: some kernels take longer than an agent's patience now and then. */
  constructor(cluster: ClusterConfig, seed: number, isEverSlow = true) {
    this.#cluster = cluster;
    this.#isEverSlow = isEverSlow;
    this.#random = new Random(seed);
    this.names = cluster.backends.map(({ name }) => name);
  }

  start(name: string): void {
    const kernel = this.#kernels.get(name) ?? new Kernel();
    this.#kernels.set(name, kernel);
    const life: Life = {
      isOver: false,
      wayMs: 1 + this.#random.below(LONGEST_WAY_MS),
      loop: new AgentLoop({
        cluster: this.#cluster,
        backend: name,
        key: KEY,
        intervalMs: INTERVAL_MS,
        send: (datagram, to) => this.#send(name, datagram, to),
        apply: (commands, timeoutMs) => this.#apply(kernel, commands, timeoutMs),
        hasLink: () => true,
        // The dead do nothing any more, whatever they waited for.
        clock: {
          now: () => this.clock.now(),
          sinceEpoch: () => this.clock.sinceEpoch(),
          after: (delayMs, call) => this.clock.after(delayMs, () => life.isOver || call()),
        },
        random: this.#random,
        log: pino({ base: null, timestamp: false }, {
          write: (line: string) => this.log.push(`${this.clock.now()} ${name} ${line.trimEnd()}`),
        }),
      }),
    };
    this.#lives.set(name, life);
    life.loop.start();
  }

  isRunning(name: string): boolean {
    return this.#lives.has(name);
  }

  /** The agent dies; the kernel goes on with what it has. */
  killAgent(name: string): void {
    this.#lives.get(name)!.isOver = true;
    this.#lives.delete(name);
  }

  /** The machine dies. */
  kill(name: string): void {
    this.killAgent(name);
    this.#kernels.delete(name);
  }

  /** The agent is told to stop, and takes its leave. */
  stop(name: string): void {
    const life = this.#lives.get(name)!;
    void life.loop.stop().then(() => {
      if (!life.isOver) this.killAgent(name);
    });
  }

  /** How many machines take each bucket now. */
  owners(): number[] {
    const taken = this.#taken();
    return Array.from(
      { length: this.#cluster.buckets },
      (_, bucket) => taken.filter((own) => own.has(bucket)).length,
    );
  }

  /** Buckets that some machine takes now. */
  get served(): number {
    return this.#taken().reduce((sum, own) => sum.or(own)).size;
  }

  #taken(except?: Kernel): BucketSet[] {
    const { buckets } = this.#cluster;
    return [...this.#kernels.values()].filter((kernel) => kernel !== except)
      .map((kernel) => kernel.takes(buckets, this.clock.now()));
  }

  /** A bucket that both this machine and another one take now. */
  #doubled(kernel: Kernel): number | undefined {
    const own = kernel.takes(this.#cluster.buckets, this.clock.now());
    const both = this.#taken(kernel).map((other) => own.and(other)).find(({ size }) => size > 0);
    return both?.intervals()[0]?.[0];
  }

  #send(from: string, datagram: Uint8Array, to: string): void {
    this.sent.datagrams++;
    this.sent.longest = Math.max(this.sent.longest, datagram.length);
    const life = this.#lives.get(to);
    if (life !== undefined) this.clock.after(life.wayMs, () => life.isOver || life.loop.hear(datagram, from));
  }

  #apply(kernel: Kernel, commands: string, timeoutMs: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const isSlow = this.#random.below(50) === 0 && this.#isEverSlow;
    const tookMs = 1 + this.#random.below(isSlow ? SLOWEST_NFT_MS : USUAL_NFT_MS);
    if (tookMs > timeoutMs) {
      this.clock.after(timeoutMs, () => reject(new Error(`nft took longer than ${timeoutMs} ms`)));
      return promise;
    }
    this.clock.after(tookMs, () => {
      let hasMore = false;
      try {
        hasMore = kernel.apply(commands, this.#cluster.buckets, this.clock.now());
        resolve();
      } catch (error) {
        reject(error);
      }
      const doubled = hasMore ? this.#doubled(kernel) : undefined;
      if (doubled !== undefined) this.log.push(`${this.clock.now()} bucket ${doubled} has two owners`);
    });
    return promise;
  }
}
