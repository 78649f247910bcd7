/**
 * The dispatcher at work: the TAP, the data-plane worker behind it, and the control plane that keeps its tables right.
 *
 *     worker   TAP ── burst ── verdict ──┬── TAP
 *                                        └── ring ──> main
 *     main     ring ──> resolver ── live? where? ──> maps ──> standby table ── publish ──> worker
 */

import { Worker } from "node:worker_threads";
import type { Logger } from "pino";
import { formatIpv4, formatMac } from "../wire/address.ts";
import { WakeUp } from "../device/poll.ts";
import { Tap } from "../device/tap.ts";
import type { Plan } from "../path/plan.ts";
import * as verdict from "../path/verdict.ts";
import { ClusterMap } from "./cluster_map.ts";
import type { BackendConfig, Config } from "./config.ts";
import { slotSizeFor } from "./data_plane.ts";
import { Resolver } from "./resolver.ts";
import { SharedState } from "./shared_state.ts";
import type { WorkerData } from "./worker.ts";

/** What the dispatcher has done since it started. */
export interface Report {
  /** Frames read from the TAP: the sum of all verdicts. */
  readonly received: number;
  /** Frames by verdict; the names are path/verdict.ts. */
  readonly verdicts: Readonly<Record<string, number>>;
  /** Frames dispatched by backend address. */
  readonly dispatched: Readonly<Record<string, number>>;
  /** Frames that waited for a backend's MAC. */
  readonly kept: { readonly sent: number; readonly dropped: number };
}

export class Engine {
  readonly interfaceName: string;
  /** Rejects when the data plane dies; never resolves otherwise. */
  readonly failed: Promise<never>;
  readonly #log: Logger;
  readonly #tap: Tap;
  readonly #wakeUp = new WakeUp();
  readonly #shared: SharedState;
  readonly #resolver: Resolver;
  readonly #maps: readonly ClusterMap[];
  readonly #slots: ReadonlyMap<number, number>;
  readonly #worker: Worker;
  readonly #workerEnded: Promise<void>;
  #stopped = false;
  #publishing: Promise<void> | undefined;
  #stale = false;

  /** Opens the TAP and starts. Resolves when frames are being forwarded. Throws TapError and leaves nothing behind. */
  static async start(config: Config, log: Logger): Promise<Engine> {
    const tap = new Tap({
      name: config.dispatcher.interface,
      mtu: config.dispatcher.mtu,
      ...(config.dispatcher.bridge === undefined ? {} : { bridge: config.dispatcher.bridge }),
    });
    const engine = new Engine(config, tap, log);
    try {
      await Promise.race([engine.#begin(), engine.failed]);
    } catch (error) {
      await engine.stop();
      throw error;
    }
    return engine;
  }

  private constructor(config: Config, tap: Tap, log: Logger) {
    this.#log = log;
    this.#tap = tap;
    this.interfaceName = tap.name;
    const { dispatcher, clusters } = config;
    const backends = clusters.flatMap((cluster) => cluster.backends.map(({ address }) => address));
    const gateways = dispatcher.gateway === undefined ? [] : [dispatcher.gateway];
    const neighbors = [...new Set([...backends, ...gateways])];
    this.#slots = new Map(neighbors.map((address, slot) => [address, slot]));
    const plan: Plan = {
      mac: dispatcher.mac,
      addresses: dispatcher.addresses,
      gateway: dispatcher.gateway === undefined ? undefined : this.#slots.get(dispatcher.gateway),
      clusters: clusters.map(({ addresses, buckets, seed }) => ({ addresses, buckets, seed })),
    };
    this.#maps = clusters.map((cluster) => new ClusterMap(cluster));
    this.#shared = new SharedState({
      buckets: clusters.reduce((sum, { buckets }) => sum + buckets, 0),
      neighbors: neighbors.length,
      slotSize: slotSizeFor(dispatcher.mtu),
    });
    this.#resolver = new Resolver(plan, neighbors, {
      send: (frame) => tap.write(frame, frame.length),
      catchUp: () => this.#drainRing(),
      changed: (slot) => this.#neighborChanged(slot),
    });
    const workerData: WorkerData = {
      plan,
      dimensions: this.#shared.dimensions,
      memory: this.#shared.memory,
      tapFd: tap.fd,
      wakeUpFd: this.#wakeUp.fd,
    };
    this.#worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData });
    this.#workerEnded = new Promise((resolve) => this.#worker.once("exit", () => resolve()));
    this.failed = new Promise((_, reject) => {
      this.#worker.once(
        "error",
        (error) => reject(new Error(`The data plane died: ${(error as Error).message}`)),
      );
    });
    this.failed.catch(() => {}); // Whoever waits for it hears of it; nobody must.
  }

  /** The sums of all counters so far. */
  report(): Report {
    const verdicts: Record<string, number> = {};
    for (const [index, name] of verdict.NAMES.entries()) verdicts[name] = this.#shared.verdicts.get(index);
    const dispatched: Record<string, number> = {};
    for (const [address, slot] of this.#slots) {
      dispatched[formatIpv4(address)] = this.#shared.dispatched.get(slot);
    }
    const received = Object.values(verdicts).reduce((sum, count) => sum + count, 0);
    return { received, verdicts, dispatched, kept: { ...this.#resolver.kept } };
  }

  /** Ends the worker and removes the interface, if it was made here. Idempotent. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#resolver.stop();
    this.#shared.stop();
    this.#wakeUp.raise();
    this.#shared.ring.notify();
    await this.#workerEnded;
    this.#tap.close();
    this.#wakeUp.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #begin(): Promise<void> {
    await this.#publish();
    await this.#shared.settled();
    this.#resolver.start();
    void this.#readRing();
  }

  async #readRing(): Promise<void> {
    while (!this.#stopped) {
      this.#drainRing();
      await this.#shared.ring.wait();
    }
  }

  #drainRing(): void {
    for (let handed = this.#shared.ring.shift(); handed !== undefined; handed = this.#shared.ring.shift()) {
      if (handed.verdict === verdict.HEARD_ARP) this.#resolver.heard(handed.frame);
      else this.#resolver.hold(handed.slot, handed.frame);
    }
  }

  #neighborChanged(slot: number): void {
    const { neighbors } = this.#resolver;
    const mac = neighbors.mac(slot);
    const address = formatIpv4(neighbors.address(slot));
    const backends = this.#maps.flatMap(({ cluster }) => cluster.backends)
      .filter((backend) => this.#slots.get(backend.address) === slot).map(({ name }) => name);
    let moved = 0;
    for (const map of this.#maps) moved += map.update((backend) => this.#isLive(backend));
    const about = { address, ...(backends.length > 0 ? { backends } : { gateway: true }), moved };
    if (mac === undefined) this.#log.warn(about, "neighbor does not answer ARP");
    else this.#log.info({ ...about, mac: formatMac(mac.high, mac.low) }, "neighbor answers ARP");
    void this.#publish();
  }

  #isLive(backend: BackendConfig): boolean {
    return this.#resolver.neighbors.state(this.#slots.get(backend.address)!) !== "failed";
  }

  /** Brings maps and MACs to the worker. Changes that come while it waits for the worker go out together. */
  #publish(): Promise<void> {
    this.#stale = true;
    this.#publishing ??= this.#publishLatest().finally(() => this.#publishing = undefined);
    return this.#publishing;
  }

  async #publishLatest(): Promise<void> {
    while (this.#stale && !this.#stopped) {
      const table = await this.#shared.standby();
      this.#stale = false;
      let first = 0;
      for (const map of this.#maps) {
        table.setOwners(first, map.owners((backend) => this.#slots.get(backend.address)!));
        first += map.cluster.buckets;
      }
      for (const slot of this.#slots.values()) {
        const mac = this.#resolver.neighbors.mac(slot);
        if (mac === undefined) table.clearMac(slot);
        else table.setMac(slot, mac.high, mac.low);
      }
      this.#shared.publish();
      this.#wakeUp.raise();
    }
  }
}
