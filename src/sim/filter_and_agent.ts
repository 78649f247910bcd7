/** A backend's filter in its kernel, and the agent that holds it, where the cluster has agents. */

import type { Logger } from "pino";
import { ClusterMap } from "../cluster/cluster_map.ts";
import { type ClusterConfig, mayBroadcast } from "../config/config.ts";
import { allOwnedBuckets } from "../filter/rules/ownership.ts";
import { UsageError } from "../input/errors.ts";
import type { Random } from "../system/random.ts";
import type { VirtualClock } from "../system/virtual_clock.ts";
import { AgentProcess } from "./agent_process.ts";
import { LinkSocket } from "./link_socket.ts";
import type { Host } from "./net/host.ts";
import type { Interface } from "./net/interface.ts";
import { MachineClock } from "./net/machine_clock.ts";
import { KernelTables } from "./nft.ts";
import type { SceneBackend } from "./scene.ts";
import type { Texts } from "./texts.ts";

/** What it is given by its world. */
export interface FilterOptions {
  /** Of the machine. */
  readonly name: string;
  readonly texts: Texts;
  readonly time: VirtualClock;
  readonly random: Random;
  readonly log: Logger;
}

export class FilterAndAgent {
  readonly cluster: ClusterConfig;
  readonly kernel: KernelTables;
  agent: AgentProcess | undefined;
  readonly #scene: NonNullable<SceneBackend["filter"]>;
  readonly #backend: string;
  readonly #options: FilterOptions;
  readonly #host: Host;
  readonly #interface: Interface;
  readonly #socket: LinkSocket;
  /** Of the process that runs. */
  #clock: MachineClock;
  #wallMs = 0;
  #rate = 1;

  constructor(
    scene: NonNullable<SceneBackend["filter"]>,
    options: FilterOptions,
    host: Host,
    on: Interface,
  ) {
    const { name, texts, time } = options;
    this.#scene = scene;
    this.#options = options;
    this.#host = host;
    this.#interface = on;
    this.#backend = scene.backend ?? name;
    const config = texts.config(scene.config, name);
    const cluster = config.clusters.find((one) => one.name === scene.cluster);
    if (cluster === undefined || !cluster.backends.some((one) => one.name === this.#backend)) {
      throw new UsageError(
        `The filter of "${name}": ${scene.config} has no cluster "${scene.cluster}" with a backend "${this.#backend}"`,
      );
    }
    if (!mayBroadcast(cluster)) {
      throw new UsageError(
        `The filter of "${name}": cluster "${cluster.name}" needs technique broadcast, or fallback broadcast`,
      );
    }
    this.cluster = cluster;
    this.#socket = new LinkSocket(on.port);
    this.kernel = new KernelTables(config, cluster, this.#backend, time);
    this.#clock = new MachineClock(time);
  }

  /** The machine starts: with it the agent, or the filter that was applied once and for all. */
  begin(): void {
    if (this.cluster.agent !== undefined) return this.startAgent();
    const all = allOwnedBuckets(new ClusterMap(this.cluster), () => true);
    this.kernel.hold(all.get(this.#backend)!);
  }

  lets(octets: Uint8Array<ArrayBuffer>, length: number): "pass" | "to-us" | "drop" {
    this.#socket.hear(octets, length);
    return this.kernel.lets(octets, length);
  }

  startAgent(): void {
    if (this.agent !== undefined) throw new UsageError(`The agent of "${this.#options.name}" runs already`);
    const { name, texts, time, random, log } = this.#options;
    const clock = new MachineClock(time);
    clock.setWall(this.#wallMs);
    clock.lateMs = this.#host.clock.lateMs;
    clock.rate = this.#rate;
    this.#clock = clock;
    const { agent } = this.cluster;
    const { port } = agent!;
    const self = this.cluster.backends.find((one) => one.name === this.#backend)!.address;
    const process = new AgentProcess({
      config: texts.config(this.#scene.config, name),
      cluster: this.cluster,
      backend: this.#backend,
      kernel: this.kernel,
      ...{ clock, random, log },
      readText: (file) => texts.read(file),
      send: (datagram, to) => {
        this.#host.udp.send({ local: self, localPort: port, remote: to, remotePort: port }, datagram);
      },
      hasLink: () => this.#interface.port.isUp,
      mac: this.#interface.port.mac,
      link: this.#socket,
    });
    this.agent = process;
    this.#host.udp.listen(port, {
      received: (data, { remote }) => {
        if (clock.isFrozen) return;
        time.pause();
        process.hear(data.slice(), remote);
      },
    });
    this.#socket.open();
    process.start();
  }

  killAgent(): void {
    if (this.agent === undefined) throw new UsageError(`The agent of "${this.#options.name}" does not run`);
    this.#end();
  }

  async stopAgent(): Promise<void> {
    const { agent } = this;
    if (agent === undefined) throw new UsageError(`The agent of "${this.#options.name}" does not run`);
    await agent.stop();
    if (this.agent === agent) this.#end();
  }

  freeze(): void {
    this.#clock.freeze();
  }

  thaw(): void {
    if (this.agent !== undefined) this.#clock.thaw();
  }

  /** The agent, and all else of the machine. */
  freezeMachine(): void {
    this.freeze();
    this.kernel.freeze();
  }

  thawMachine(): void {
    this.thaw();
    this.kernel.thaw();
  }

  slow(ms: number): void {
    this.#clock.lateMs = ms;
  }

  setRate(rate: number): void {
    this.#rate = rate;
    this.#clock.rate = rate;
    this.kernel.setRate(rate);
  }

  setWall(byMs: number): void {
    this.#wallMs += byMs;
    this.#clock.setWall(byMs);
  }

  /** The machine dies. */
  forget(): void {
    if (this.agent !== undefined) this.#end();
    this.kernel.forget();
  }

  #end(): void {
    // Whatever it still waits for never comes.
    this.#clock.freeze();
    this.agent = undefined;
    this.#socket.close();
    this.#host.udp.stopListening(this.cluster.agent!.port);
  }
}
