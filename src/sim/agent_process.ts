/**
 * The agent of a backend in a world: the real loop (filter/agent), which speaks over the backend's own port, and the real fallback
 * (filter/fallback). What it tells nft becomes the kernel's a moment later.
 */

import type { Logger } from "pino";
import type { ClusterConfig, Config } from "../config/config.ts";
import { AgentLoop } from "../filter/agent/agent_loop.ts";
import { FallbackLoop } from "../filter/fallback/fallback_loop.ts";
import type { Device } from "../device/device.ts";
import { UsageError } from "../input/errors.ts";
import { readKey } from "../input/shared_key.ts";
import type { Clock } from "../system/clock.ts";
import type { Random } from "../system/random.ts";
import type { Mac } from "../wire/address.ts";
import type { KernelTables } from "./nft.ts";

/** Between a command to nft and what comes of it: from 1 up to this, and one in `SLOW_ONCE_IN` may take longer. */
const USUAL_NFT_MS = 30;
const SLOW_NFT_MS = 400;
const SLOW_ONCE_IN = 40;

export interface AgentOptions {
  readonly config: Config;
  readonly cluster: ClusterConfig;
  /** Its name there. */
  readonly backend: string;
  readonly kernel: KernelTables;
  /** The machine's, as a process sees it: when it ends the clock stands still. */
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readText(file: string): string;
  /** To the agents' port of the backend with this address. */
  send(datagram: Uint8Array, to: string): void;
  hasLink(): boolean;
  /** Of its machine's interface. */
  readonly mac: Mac;
  /** What the fallback hears of the link, and sends by. */
  readonly link: Device;
}

export class AgentProcess {
  readonly #options: AgentOptions;
  readonly #loop: AgentLoop;
  readonly #fallback: FallbackLoop;

  /** Throws UsageError when the cluster has no agents, or their key will not do. */
  constructor(options: AgentOptions) {
    this.#options = options;
    const { config, cluster, backend, clock, random, log, link, mac } = options;
    if (cluster.agent === undefined) {
      throw new UsageError(`Cluster "${cluster.name}" has no agents; give it "agent: {keyFile: agent.key}"`);
    }
    const addresses = new Map(cluster.backends.map(({ name, address }) => [name, address]));
    this.#loop = new AgentLoop({
      cluster,
      backend,
      key: readKey(cluster.agent.keyFile, "all backends", options.readText),
      intervalMs: cluster.agent.intervalMs,
      send: (datagram, to) => options.send(datagram, addresses.get(to)!),
      apply: (commands, timeoutMs) => this.#apply(commands, timeoutMs),
      hasLink: () => options.hasLink(),
      clock,
      random,
      log,
    });
    const self = cluster.backends.find(({ name }) => name === backend)!;
    const about = { config, cluster, self, live: () => this.#loop.live, clock, log };
    this.#fallback = new FallbackLoop(about, mac, [link]);
  }

  /** Names of the live backends, as it knows. */
  get live(): readonly string[] {
    return this.#loop.live;
  }

  /** How often each alarm was raised. */
  get alarms(): Readonly<Record<string, number>> {
    return this.#loop.alarms;
  }

  start(): void {
    this.#loop.start();
    this.#fallback.start();
  }

  hear(datagram: Uint8Array, from: string): void {
    this.#loop.hear(datagram, from);
  }

  /** It takes its leave. */
  async stop(): Promise<void> {
    this.#fallback.stop();
    await this.#loop.stop();
  }

  #apply(commands: string, timeoutMs: number): Promise<void> {
    const { kernel, clock, random } = this.#options;
    const longestMs = random.share() * SLOW_ONCE_IN < 1 ? SLOW_NFT_MS : USUAL_NFT_MS;
    const tookMs = 1 + Math.floor(random.share() * longestMs);
    return new Promise((resolve, reject) => {
      const kill = kernel.tell(commands, tookMs, (error) => {
        clock.after(0, () => {
          patience.cancel();
          if (error === undefined) resolve();
          else reject(error);
        });
      });
      const patience = clock.after(timeoutMs, () => {
        kill();
        reject(new Error(`nft took longer than ${timeoutMs} ms`));
      });
    });
  }
}
