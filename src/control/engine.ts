/**
 * The dispatcher at work: the TAP, a data-plane worker behind each of its queues, and the control plane that keeps their
 * tables right.
 *
 *     worker   queue ── frame ── verdict ──┬── queue
 *                                          └── ring ──> main
 *     main     rings ──> resolver ── live? where? ──> maps ──> standby table ── publish ──> workers
 */

import type { Logger } from "pino";
import { formatMac, isIpv6, type Mac } from "../wire/address.ts";
import { Tap } from "../device/tap.ts";
import * as verdict from "../path/verdict.ts";
import type { ForwardingTable } from "../table/forwarding_table.ts";
import { Announcer } from "./announcer.ts";
import { ClusterMap } from "./cluster_map.ts";
import type { BackendConfig, Config } from "./config.ts";
import { Conflicts, LIKELY_CAUSE } from "./conflicts.ts";
import { slotSizeFor } from "./data_plane.ts";
import { Link } from "./link.ts";
import { LinkFrames } from "./link_frames.ts";
import { planOf } from "./plan_of.ts";
import { Publisher } from "./publisher.ts";
import { Resolver } from "./resolver.ts";
import { SharedState } from "./shared_state.ts";
import { type TechniqueOf, Techniques } from "./techniques.ts";
import type { VerificationReport } from "./verification_report.ts";
import { Verifier } from "./verifier.ts";
import { Workers } from "./workers.ts";

/** What the dispatcher has done since it started. */
export interface Report {
  /** Frames read from the TAP: the sum of all verdicts. */
  readonly received: number;
  /** The same by data-plane worker. */
  readonly workers: readonly number[];
  /** Frames by verdict; the names are path/verdict.ts. */
  readonly verdicts: Readonly<Record<string, number>>;
  /** Frames dispatched by backend address. */
  readonly dispatched: Readonly<Record<string, number>>;
  /** Frames sent to all backends, by cluster: technique `broadcast`. */
  readonly broadcast: Readonly<Record<string, number>>;
  /** Frames that waited for a backend's MAC. */
  readonly kept: { readonly sent: number; readonly dropped: number };
}

/** A claim of one of our IPv6 addresses so soon after the start means that it is taken: RFC 4862 section 5.4. */
const DUPLICATE_MS = 1000;

export class Engine {
  readonly interfaceName: string;
  /** The offloads that the kernel grants. */
  readonly offloads: readonly string[];
  /** Rejects when the data plane dies or an address of the dispatcher proves taken; never resolves otherwise. */
  readonly failed: Promise<never>;
  readonly #log: Logger;
  readonly #tap: Tap;
  readonly #shared: SharedState;
  readonly #resolver: Resolver;
  readonly #maps: readonly ClusterMap[];
  readonly #slots: ReadonlyMap<string, number>;
  readonly #groupSlots: readonly number[];
  readonly #techniques: Techniques;
  readonly #config: Config;
  readonly #frames: LinkFrames;
  readonly #link: Link;
  readonly #conflicts = new Conflicts();
  readonly #workers: Workers;
  readonly #publisher: Publisher;
  readonly #announcer: Announcer;
  readonly #verifier: Verifier;
  #startedMs = 0;
  #fail: (error: Error) => void = () => {};
  #stopped = false;

  /** Opens the TAP and starts. Resolves when frames are being forwarded. Throws TapError and leaves nothing behind. */
  static async start(config: Config, log: Logger): Promise<Engine> {
    const tap = new Tap({
      name: config.dispatcher.interface,
      mtu: config.dispatcher.mtu,
      queues: config.dispatcher.queues,
      offloads: config.dispatcher.offloads,
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
    this.offloads = tap.granted;
    const { dispatcher, clusters } = config;
    const { plan, neighbors } = planOf(config);
    this.#config = config;
    this.#frames = new LinkFrames(plan);
    this.#link = new Link(tap, this.#frames, config);
    this.#slots = new Map(neighbors.map((address, slot) => [address, slot]));
    this.#groupSlots = plan.clusters.map(({ groupSlot }) => groupSlot);
    this.#maps = clusters.map((cluster) => new ClusterMap(cluster));
    this.#techniques = new Techniques(clusters);
    this.#announcer = new Announcer(
      dispatcher.announce,
      () => this.#link.announce((cluster) => this.#techniques.isBroadcast(cluster)),
    );
    this.#shared = new SharedState({
      buckets: clusters.reduce((sum, { buckets }) => sum + buckets, 0),
      neighbors: neighbors.length + clusters.length,
      slotSize: slotSizeFor(dispatcher),
      workers: dispatcher.queues,
    });
    this.#resolver = new Resolver(this.#frames, neighbors, {
      send: (frame) => this.#link.send(frame),
      catchUp: () => this.#drainRings(),
      changed: (slot) => this.#neighborChanged(slot),
    });
    this.#verifier = new Verifier(config, this.#frames, {
      send: (frame) => this.#link.send(frame),
      catchUp: () => this.#drainRings(),
    }, log);
    this.#workers = new Workers(plan, this.#shared, tap.queues);
    this.#publisher = new Publisher(this.#shared, this.#workers, (table) => this.#fill(table));
    this.failed = Promise.race([
      this.#workers.failed,
      new Promise<never>((_, reject) => this.#fail = reject),
    ]);
    this.failed.catch(() => {}); // Whoever waits for it hears of it; nobody must.
  }

  /** The sums of all counters so far. */
  report(): Report {
    const verdicts: Record<string, number> = {};
    for (const [index, count] of this.#shared.verdicts().entries()) verdicts[verdict.NAMES[index]!] = count;
    const dispatched: Record<string, number> = {};
    for (const { address } of this.#maps.flatMap(({ cluster }) => cluster.backends)) {
      dispatched[address] = this.#shared.dispatched(this.#slots.get(address)!);
    }
    const workers = this.#shared.workers.map((worker) => worker.received());
    const received = workers.reduce((sum, count) => sum + count, 0);
    const broadcast = Object.fromEntries(
      this.#maps.map((
        { cluster },
        index,
      ) => [cluster.name, this.#shared.dispatched(this.#groupSlots[index]!)]),
    );
    return { received, workers, verdicts, dispatched, broadcast, kept: { ...this.#resolver.kept } };
  }

  /** The technique of each cluster now. */
  techniques(): TechniqueOf[] {
    return this.#techniques.list();
  }

  /**
   * Changes the technique of one cluster, or of all, and tells the link: with `broadcast` the cluster addresses are at the
   * group's MAC. Resolves when the workers follow. Throws UsageError when there is no such cluster or technique.
   */
  async setTechnique(technique: unknown, cluster?: unknown): Promise<TechniqueOf[]> {
    this.#techniques.set(technique, cluster);
    await this.#publisher.publish();
    await this.#shared.settled();
    this.#announcer.start();
    this.#log.info({ techniques: this.techniques() }, "technique changed");
    return this.techniques();
  }

  /** Verifies that the backends are set up right, without disturbing what goes on; up to three seconds. */
  verify(): Promise<VerificationReport> {
    return this.#verifier.verify();
  }

  /**
   * Ends the workers and removes the interface, if it was made here. Clusters whose fallback is to broadcast are left to their
   * backends. Idempotent.
   */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#resolver.stop();
    this.#announcer.stop();
    this.#verifier.stop();
    this.#publisher.stop();
    if (this.#startedMs > 0) this.#fallBack();
    await this.#workers.stop();
    for (const { ring } of this.#shared.workers) ring.notify();
    this.#tap.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #begin(): Promise<void> {
    await this.#publisher.publish();
    await this.#shared.settled();
    this.#startedMs = performance.now();
    this.#resolver.start();
    for (const index of this.#shared.workers.keys()) void this.#readRing(index);
    this.#link.probe();
    this.#announcer.start();
    if (this.#config.dispatcher.verify !== "off") void this.#verifier.watch();
  }

  #fallBack(): void {
    const clusters = this.#config.clusters.filter(({ fallback }) => fallback === "broadcast");
    if (clusters.length === 0) return;
    this.#link.leaveTo(clusters);
    this.#log.info({ clusters: clusters.map(({ name }) => name) }, "left to the backends' filters");
  }

  async #readRing(index: number): Promise<void> {
    while (!this.#stopped) {
      this.#drainRing(index);
      await this.#shared.workers[index]!.ring.wait();
    }
  }

  #drainRings(): void {
    for (const index of this.#shared.workers.keys()) this.#drainRing(index);
  }

  #drainRing(index: number): void {
    const { ring } = this.#shared.workers[index]!;
    for (let handed = ring.shift(); handed !== undefined; handed = ring.shift()) {
      if (handed.verdict === verdict.PENDING) {
        const { slot, frame } = handed;
        this.#resolver.hold(slot, (mac) => this.#link.sendKept(index, frame, mac));
        continue;
      }
      const frame = this.#link.frameIn(handed.frame);
      if (handed.verdict === verdict.HEARD_NEIGHBOR) this.#resolver.heard(frame);
      else if (handed.verdict === verdict.HEARD_CLAIM) this.#claimed(frame);
      this.#verifier.heard(frame);
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
    void this.#publisher.publish();
    if (mac !== undefined && backends.length > 0 && this.#config.dispatcher.verify !== "off") {
      void this.#verifier.appeared(address);
    }
  }

  #claimed(frame: Uint8Array<ArrayBuffer>): void {
    const nowMs = performance.now();
    const claim = this.#frames.claim(frame);
    const mac = claim && this.#conflicts.note(claim, nowMs);
    if (claim === undefined || mac === undefined) return;
    const { address } = claim;
    const isOwn = !this.#config.clusters.some(({ addresses }) => addresses.includes(address));
    const backend = this.#backendAt(claim.mac);
    const likely = !isOwn && backend !== undefined
      ? { backend, likely: LIKELY_CAUSE[claim.isAsking ? "asking" : "answering"] }
      : {};
    this.#log.error({ address, mac, ...likely }, "another machine claims an address of ours");
    if (isOwn && isIpv6(address) && nowMs - this.#startedMs < DUPLICATE_MS) {
      this.#fail(
        new Error(
          `The machine with MAC ${mac} has the dispatcher's address ${address}; give one of them another address`,
        ),
      );
    }
  }

  /** Name of the backend with this MAC. */
  #backendAt({ high, low }: Mac): string | undefined {
    return this.#maps.flatMap(({ cluster }) => cluster.backends).find(({ address }) => {
      const mac = this.#resolver.neighbors.mac(this.#slots.get(address)!);
      return mac?.high === high && mac.low === low;
    })?.name;
  }

  #isLive(backend: BackendConfig): boolean {
    return this.#resolver.neighbors.state(this.#slots.get(backend.address)!) !== "failed";
  }

  /** Writes all maps and MACs as they are now. */
  #fill(table: ForwardingTable): void {
    let first = 0;
    for (const [index, map] of this.#maps.entries()) {
      const { buckets, group } = map.cluster;
      const groupSlot = this.#groupSlots[index]!;
      const owners = this.#techniques.isBroadcast(map.cluster)
        ? new Uint16Array(buckets).fill(groupSlot)
        : map.owners((backend) => this.#slots.get(backend.address)!);
      table.setOwners(first, owners);
      table.setMac(groupSlot, group.high, group.low);
      first += buckets;
    }
    for (const slot of this.#slots.values()) {
      const mac = this.#resolver.neighbors.mac(slot);
      if (mac === undefined) table.clearMac(slot);
      else table.setMac(slot, mac.high, mac.low);
    }
  }
}
