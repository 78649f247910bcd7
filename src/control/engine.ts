/**
 * The dispatcher at work: the TAP, the data-plane worker behind it, and the control plane that keeps its tables right.
 *
 *     worker   TAP ── burst ── verdict ──┬── TAP
 *                                        └── ring ──> main
 *     main     ring ──> resolver ── live? where? ──> maps ──> standby table ── publish ──> worker
 */

import { Worker } from "node:worker_threads";
import type { Logger } from "pino";
import { formatMac, isIpv6, linkLocalOf } from "../wire/address.ts";
import { WakeUp } from "../device/poll.ts";
import { Tap } from "../device/tap.ts";
import * as verdict from "../path/verdict.ts";
import { Announcer } from "./announcer.ts";
import { ClusterMap } from "./cluster_map.ts";
import type { BackendConfig, Config } from "./config.ts";
import { Conflicts } from "./conflicts.ts";
import { slotSizeFor } from "./data_plane.ts";
import { LinkFrames } from "./link_frames.ts";
import { planOf } from "./plan_of.ts";
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

/** A claim of one of our IPv6 addresses so soon after the start means that it is taken: RFC 4862 section 5.4. */
const DUPLICATE_MS = 1000;

export class Engine {
  readonly interfaceName: string;
  /** Rejects when the data plane dies or an address of the dispatcher proves taken; never resolves otherwise. */
  readonly failed: Promise<never>;
  readonly #log: Logger;
  readonly #tap: Tap;
  readonly #wakeUp = new WakeUp();
  readonly #shared: SharedState;
  readonly #resolver: Resolver;
  readonly #maps: readonly ClusterMap[];
  readonly #slots: ReadonlyMap<string, number>;
  readonly #config: Config;
  readonly #frames: LinkFrames;
  readonly #conflicts = new Conflicts();
  readonly #worker: Worker;
  readonly #workerEnded: Promise<void>;
  #announcer: Announcer | undefined;
  #startedMs = 0;
  #fail: (error: Error) => void = () => {};
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
    const { plan, neighbors } = planOf(config);
    this.#config = config;
    this.#frames = new LinkFrames(plan);
    this.#slots = new Map(neighbors.map((address, slot) => [address, slot]));
    this.#maps = clusters.map((cluster) => new ClusterMap(cluster));
    this.#shared = new SharedState({
      buckets: clusters.reduce((sum, { buckets }) => sum + buckets, 0),
      neighbors: neighbors.length,
      slotSize: slotSizeFor(dispatcher.mtu),
    });
    this.#resolver = new Resolver(this.#frames, neighbors, {
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
      this.#fail = reject;
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
    for (const { address } of this.#maps.flatMap(({ cluster }) => cluster.backends)) {
      dispatched[address] = this.#shared.dispatched.get(this.#slots.get(address)!);
    }
    const received = Object.values(verdicts).reduce((sum, count) => sum + count, 0);
    return { received, verdicts, dispatched, kept: { ...this.#resolver.kept } };
  }

  /** Ends the worker and removes the interface, if it was made here. Idempotent. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#resolver.stop();
    this.#announcer?.stop();
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
    this.#startedMs = performance.now();
    this.#resolver.start();
    void this.#readRing();
    const { addresses, announce, mac } = this.#config.dispatcher;
    const own = addresses.map(({ address }) => address);
    const all = [...own, ...this.#config.clusters.flatMap((cluster) => cluster.addresses)];
    const send = (frame: Uint8Array<ArrayBuffer>) => this.#tap.write(frame, frame.length);
    // Duplicate address detection in the optimistic way of RFC 4429: ask, and do not wait for the answer that should not come.
    const probed = own.filter(isIpv6);
    if (all.some(isIpv6)) probed.push(linkLocalOf(mac));
    for (const address of probed) send(this.#frames.probe(address));
    this.#announcer = new Announcer(this.#frames, all, announce, send);
  }

  async #readRing(): Promise<void> {
    while (!this.#stopped) {
      this.#drainRing();
      await this.#shared.ring.wait();
    }
  }

  #drainRing(): void {
    for (let handed = this.#shared.ring.shift(); handed !== undefined; handed = this.#shared.ring.shift()) {
      if (handed.verdict === verdict.HEARD_NEIGHBOR) this.#resolver.heard(handed.frame);
      else if (handed.verdict === verdict.HEARD_CLAIM) this.#claimed(handed.frame);
      else this.#resolver.hold(handed.slot, handed.frame);
    }
  }

  #neighborChanged(slot: number): void {
    const { neighbors } = this.#resolver;
    const mac = neighbors.mac(slot);
    const address = neighbors.address(slot);
    const backends = this.#maps.flatMap(({ cluster }) => cluster.backends)
      .filter((backend) => this.#slots.get(backend.address) === slot).map(({ name }) => name);
    let moved = 0;
    for (const map of this.#maps) moved += map.update((backend) => this.#isLive(backend));
    const about = { address, ...(backends.length > 0 ? { backends } : { nextHop: true }), moved };
    if (mac === undefined) this.#log.warn(about, "neighbor does not answer");
    else this.#log.info({ ...about, mac: formatMac(mac.high, mac.low) }, "neighbor answers");
    void this.#publish();
  }

  #claimed(frame: Uint8Array<ArrayBuffer>): void {
    const nowMs = performance.now();
    const claim = this.#frames.claim(frame);
    const mac = this.#conflicts.note(claim, nowMs);
    if (mac === undefined) return;
    const { address } = claim;
    const isOwn = !this.#config.clusters.some(({ addresses }) => addresses.includes(address));
    this.#log.error({ address, mac }, "another machine claims an address of ours");
    if (isOwn && isIpv6(address) && nowMs - this.#startedMs < DUPLICATE_MS) {
      this.#fail(
        new Error(
          `The machine with MAC ${mac} has the dispatcher's address ${address}; give one of them another address`,
        ),
      );
    }
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
