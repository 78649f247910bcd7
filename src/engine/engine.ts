/**
 * The dispatcher at work: its parts, how they are joined, and their start and stop.
 *
 *     data plane   device ── frame ── verdict ──┬── device
 *                                               └── ring ──> inbox                                    (plane/)
 *     control      inbox ──> resolver ──> changes ──> forwarding ── maps ──> standby table ── publish ──> data plane
 *                        ──> prober ──> changes
 *                        ──> conflicts
 *                        ──> verifier
 */

import type { Logger } from "pino";
import { type Health, LivenessBook } from "../cluster/liveness.ts";
import type { Technique, TechniqueOf } from "../cluster/techniques.ts";
import type { Config } from "../config/config.ts";
import { planOf } from "../config/plan.ts";
import { type ProbedHealth, Prober, type Whereabouts } from "../health/prober.ts";
import { Announcer } from "../link/announcer.ts";
import { Conflicts, PROBE_MS } from "../link/conflicts.ts";
import { Link } from "../link/link.ts";
import { LinkFrames } from "../link/link_frames.ts";
import { OwnMacWatch } from "../link/own_mac_watch.ts";
import { Resolver } from "../link/resolver.ts";
import type { Attachment } from "../plane/attachment.ts";
import { slotSizeFor } from "../plane/data_plane.ts";
import { Publisher } from "../plane/publisher.ts";
import { SharedState } from "../plane/shared_state.ts";
import { TapAttachment } from "../plane/tap_attachment.ts";
import type { Plan } from "../path/plan.ts";
import * as verdict from "../path/verdict.ts";
import { type Clock, REAL_CLOCK, type Timer } from "../system/clock.ts";
import { Verifier } from "../verify/verifier.ts";
import type { VerificationReport } from "../verify/report.ts";
import { formatMac } from "../wire/address.ts";
import { Changes } from "./changes.ts";
import { Forwarding, type Outcome } from "./forwarding.ts";
import { Inbox } from "./inbox.ts";
import { type Report, reportOf } from "./report.ts";

export interface Surroundings {
  /** What joins it to the link. Default: the configuration's TAP, with its workers. */
  readonly attachment?: Attachment;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

export class Engine {
  /** Rejects when the data plane dies or an address of the dispatcher proves taken; never resolves otherwise. */
  readonly failed: Promise<never>;
  readonly #config: Config;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #plan: Plan;
  readonly #attachment: Attachment;
  readonly #shared: SharedState;
  readonly #link: Link;
  readonly #liveness: LivenessBook;
  readonly #forwarding: Forwarding;
  readonly #resolver: Resolver;
  readonly #changes: Changes<Outcome>;
  readonly #conflicts: Conflicts;
  readonly #ownMacWatch: OwnMacWatch;
  readonly #prober: Prober;
  readonly #verifier: Verifier;
  readonly #announcer: Announcer;
  readonly #publisher: Publisher;
  readonly #inbox: Inbox;
  /** The link has been told that our addresses are here, and nobody else was heard to have them. */
  #holdsAddresses = false;
  #probing: Timer | undefined;
  #isStopped = false;

  /**
   * Starts a dispatcher. Resolves when frames are being forwarded. Throws TapError when the TAP cannot be had, and leaves
   * nothing behind.
   */
  static async start(config: Config, log: Logger, surroundings: Surroundings = {}): Promise<Engine> {
    const { clock = REAL_CLOCK, attachment = new TapAttachment(config.dispatcher) } = surroundings;
    const engine = new Engine(config, log, clock, attachment);
    try {
      await Promise.race([engine.#begin(), engine.failed]);
    } catch (error) {
      await engine.stop();
      throw error;
    }
    return engine;
  }

  private constructor(config: Config, log: Logger, clock: Clock, attachment: Attachment) {
    const { dispatcher, clusters } = config;
    const planned = planOf(config);
    const { plan, neighbors } = planned;
    this.#config = config;
    this.#log = log;
    this.#clock = clock;
    this.#plan = { ...plan, offloads: attachment.hasVirtioHeader };
    this.#attachment = attachment;
    this.#shared = new SharedState({
      clusters: clusters.length,
      buckets: clusters.reduce((sum, { buckets }) => sum + buckets, 0),
      neighbors: neighbors.length + clusters.length,
      slotSize: slotSizeFor({ mtu: dispatcher.mtu, offloads: attachment.hasVirtioHeader }),
      workers: attachment.queues,
    });
    const { promise, reject } = Promise.withResolvers<never>();
    const frames = new LinkFrames(dispatcher);
    this.#link = new Link(attachment, frames, config);
    const own = {
      send: (frame: Uint8Array<ArrayBuffer>) => this.#link.send(frame),
      catchUp: () => this.#inbox.drainAll(),
    };
    const lost = () => attachment.lost() + this.#shared.verdicts()[verdict.DROP_RING_FULL]!;
    this.#liveness = new LivenessBook(clusters, clock);
    this.#forwarding = new Forwarding(config, planned, this.#liveness);
    this.#resolver = new Resolver(frames, neighbors, clock, {
      ...own,
      changed: (neighbor) => this.#changes.addNeighbor(neighbor),
      lost,
    });
    this.#changes = new Changes(clock, {
      compute: (neighbors) => this.#forwarding.update(neighbors, this.#resolver.neighbors),
      computed: (outcome) => this.#computed(outcome),
    });
    this.#conflicts = new Conflicts({
      config,
      clock,
      log,
      backendAt: (mac) => this.#forwarding.backendAt(mac, this.#resolver.neighbors),
      defend: (address) => this.#defend(address),
      taken: (error) => {
        this.#holdsAddresses = false;
        reject(error);
      },
    });
    this.#ownMacWatch = new OwnMacWatch(
      dispatcher.mac,
      clock,
      log,
      () => this.#shared.verdicts()[verdict.DROP_SOURCE_MAC]!,
    );
    this.#prober = new Prober({
      ...own,
      config,
      clock,
      log,
      lost,
      whereIs: (address) => this.#whereIs(address),
      changed: (cluster, backend, health) => this.#probed(cluster, backend, health),
    });
    this.#verifier = new Verifier(config, frames, own, clock, log);
    this.#announcer = new Announcer(
      dispatcher.announce,
      clock,
      () => this.#link.announce((cluster) => this.#forwarding.techniques.isBroadcast(cluster)),
    );
    this.#publisher = new Publisher(
      this.#shared,
      () => attachment.wake(),
      (table) => this.#forwarding.fill(table, this.#resolver.neighbors),
    );
    this.#inbox = new Inbox(this.#shared, this.#link, frames, {
      resolver: this.#resolver,
      conflicts: this.#conflicts,
      prober: this.#prober,
      verifier: this.#verifier,
    });
    this.failed = Promise.race([attachment.failed, promise]);
    this.failed.catch(() => {}); // Whoever waits for it hears of it; nobody must.
  }

  get interfaceName(): string {
    return this.#attachment.name;
  }

  /** The offloads that the kernel grants. */
  get offloads(): readonly string[] {
    return this.#attachment.offloads;
  }

  /** Neighbors' answers do not wait behind data. */
  get hasNeighborQueue(): boolean {
    return this.#attachment.hasNeighborQueue;
  }

  /** The sums of all counters so far. */
  report(): Report {
    return reportOf(this.#shared, this.#forwarding, this.#resolver);
  }

  /** The technique of each cluster now. */
  techniques(): TechniqueOf[] {
    return this.#forwarding.techniques.list();
  }

  /**
   * Changes the technique of one cluster, or of all, and tells the link: with `broadcast` the cluster addresses are at the
   * group's MAC. Resolves when the workers follow. Throws UsageError when there is no such cluster, or its backends have no filter.
   */
  async setTechnique(technique: Technique, cluster?: string): Promise<TechniqueOf[]> {
    this.#forwarding.techniques.set(technique, cluster);
    await this.#publisher.publish();
    await this.#shared.settled();
    this.#announcer.start();
    this.#log.info({ techniques: this.techniques() }, "technique changed");
    return this.techniques();
  }

  /** The probes of a backend have found this; what many of them find in one moment comes to one publication. */
  healthChanged(cluster: string, backend: string, health: Health): void {
    this.#liveness.healthChanged(cluster, backend, health);
    this.#changes.add();
  }

  /** Verifies that the backends are set up right, without disturbing what goes on; up to three seconds, with hundreds of backends longer. */
  verify(): Promise<VerificationReport> {
    return this.#verifier.verify();
  }

  /**
   * Ends the data plane and removes the interface, if it was made here. Clusters whose fallback is to broadcast are left to their
   * backends. Idempotent.
   */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#probing?.cancel();
    this.#ownMacWatch.stop();
    this.#resolver.stop();
    this.#changes.stop();
    this.#announcer.stop();
    this.#prober.stop();
    this.#verifier.stop();
    this.#publisher.stop();
    if (this.#holdsAddresses) this.#fallBack();
    await this.#attachment.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #begin(): Promise<void> {
    this.#attachment.start(this.#plan, this.#shared, (worker) => this.#inbox.drain(worker));
    await this.#publisher.publish();
    await this.#shared.settled();
    this.#conflicts.start();
    this.#ownMacWatch.start();
    this.#link.probe();
    this.#probing = this.#clock.after(PROBE_MS, () => this.#appear());
  }

  /** From here on machines of the link learn where our addresses are: nobody else was heard to have them. */
  #appear(): void {
    this.#holdsAddresses = true;
    this.#resolver.start();
    this.#announcer.start();
    this.#prober.start();
    if (this.#config.dispatcher.verify !== "off") void this.#verifier.watch();
  }

  #whereIs(address: string): Whereabouts {
    const { neighbors } = this.#resolver;
    const neighbor = this.#forwarding.neighborOf(address);
    const mac = neighbors.mac(neighbor);
    if (mac !== undefined) return mac;
    return neighbors.state(neighbor) === "failed" ? "failed" : "unknown";
  }

  #probed(cluster: string, backend: string, health: ProbedHealth): void {
    const { address, state, reason, fault } = health;
    const about = { cluster, backend, reason, fault };
    if (state === "up") this.#log.info(about, "backend is up");
    else this.#log.warn(about, "backend is down");
    this.healthChanged(cluster, backend, health);
    // Where verification looks for such a fault, it finds what mends it.
    const isToBeVerified = fault !== null && fault !== "backend-down" &&
      this.#config.dispatcher.verify !== "off";
    if (isToBeVerified) void this.#verifier.appeared(address);
  }

  #defend(address: string): void {
    const { gateways, routes } = this.#config.dispatcher;
    const routers = new Set([...gateways, ...routes.map(({ via }) => via)]);
    const macs = [...routers].flatMap((router) => {
      return this.#resolver.neighbors.mac(this.#forwarding.neighborOf(router)) ?? [];
    });
    this.#link.defend(address, (cluster) => this.#forwarding.techniques.isBroadcast(cluster), macs);
  }

  #fallBack(): void {
    const clusters = this.#config.clusters.filter(({ fallback }) => fallback === "broadcast");
    if (clusters.length === 0) return;
    this.#link.leaveTo(clusters);
    this.#log.info({ clusters: clusters.map(({ name }) => name) }, "left to the backends' filters");
  }

  #computed({ neighbors, hasNewMap }: Outcome): void {
    if (neighbors.length > 0 || hasNewMap) void this.#publisher.publish();
    for (const { address, mac, backends, moved } of neighbors) {
      const about = { address, ...(backends.length > 0 ? { backends } : { nextHop: true }), moved };
      if (mac === undefined) this.#log.warn(about, "neighbor does not answer");
      else this.#log.info({ ...about, mac: formatMac(mac.high, mac.low) }, "neighbor answers");
      if (mac !== undefined && backends.length > 0 && this.#config.dispatcher.verify !== "off") {
        void this.#verifier.appeared(address);
      }
    }
  }
}
