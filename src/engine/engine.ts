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
import { finish } from "../table/bucket_map.ts";
import { requireSameDevice } from "../cluster/config_changes.ts";
import { findBackend, type Found } from "../cluster/find_backend.ts";
import { type AdministrationState, type Health, LivenessBook } from "../cluster/liveness.ts";
import type { Technique, TechniqueOf } from "../cluster/techniques.ts";
import type { Config } from "../config/config.ts";
import { planOf } from "../config/plan.ts";
import { configData } from "../config/print.ts";
import { type ProbedHealth, Prober, type Whereabouts } from "../health/prober.ts";
import { UsageError } from "../input/errors.ts";
import { Announcer } from "../link/announcer.ts";
import { Conflicts, PROBE_MS } from "../link/conflicts.ts";
import { Link, ownAddresses } from "../link/link.ts";
import { LinkFrames } from "../link/link_frames.ts";
import { NewAddresses } from "../link/new_addresses.ts";
import { OwnMacWatch } from "../link/own_mac_watch.ts";
import { Resolver } from "../link/resolver.ts";
import type { Attachment } from "../plane/attachment.ts";
import { slotSizeFor } from "../plane/data_plane.ts";
import { KEPT } from "../plane/dropped_ring.ts";
import { Publisher } from "../plane/publisher.ts";
import { SharedState } from "../plane/shared_state.ts";
import { TapAttachment } from "../plane/tap_attachment.ts";
import type { Plan } from "../path/plan.ts";
import * as verdict from "../path/verdict.ts";
import { type Clock, REAL_CLOCK, type Timer } from "../system/clock.ts";
import { Verifier } from "../verify/verifier.ts";
import type { VerificationReport } from "../verify/report.ts";
import type { Mac } from "../wire/address.ts";
import { Changes } from "./changes.ts";
import { type DroppedFrame, droppedFrames } from "./dropped.ts";
import { type About, tell } from "./events.ts";
import { Forwarding, type Outcome } from "./forwarding.ts";
import { adopt, type Parts, recordOf } from "./hand_over.ts";
import { Inbox } from "./inbox.ts";
import type { EngineRecord, LateRecord } from "./record.ts";
import { type Report, reportOf, sumOf } from "./report.ts";
import { type BackendStatus, backendStatus, type Status, statusOf } from "./status.ts";

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
  readonly #newAddresses: NewAddresses;
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
  #looking: Timer | undefined;
  #isStopped = false;
  /** What was done under earlier configurations. */
  #earlier: Report | undefined;
  #droppedEarlier: readonly DroppedFrame[] = [];
  /** What another engine knows in whose place this one will be, and what comes of it. */
  #known: EngineRecord | undefined;
  #found: Outcome | undefined;

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

  /**
   * Prepares to go on by what another engine knows, on the same device: the workers stand ready, and all frames wait in the device or
   * are the other one's. Then comes `prepare` or `leave`. Throws when the workers cannot be had, and leaves the device as it is.
   */
  static async ready(config: Config, log: Logger, surroundings: Required<Surroundings>): Promise<Engine> {
    const { clock, attachment } = surroundings;
    const engine = new Engine(config, log, clock, attachment);
    try {
      await attachment.hold();
      attachment.start(engine.#plan, engine.#shared, (worker) => engine.#inbox.drain(worker));
      await attachment.hold();
    } catch (error) {
      await engine.leave();
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
      connections: clusters.map(({ transition }) => transition.connections),
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
    this.#prober = new Prober({
      ...own,
      config,
      clock,
      log,
      lost,
      openPorts: this.#shared.openPorts,
      whereIs: (address) => this.#whereIs(address),
      changed: (cluster, backend, health) => this.#probed(cluster, backend, health),
    });
    this.#liveness = new LivenessBook(
      clusters,
      clock,
      (cluster, { name }) => this.#prober.isProbed(cluster.name, name),
    );
    this.#forwarding = new Forwarding(config, planned, this.#liveness, this.#shared.transitions, clock, {
      publish: () => this.#publish(),
      ended: ({ name, backends }, { backends: some, buckets, cut, lastedMs }) =>
        log.info({
          event: "transition.ended",
          cluster: name,
          backends: some.map((index) => backends[index]!.name),
          buckets,
          cut,
          lastedMs: Math.round(lastedMs),
        }, "transition ended"),
    });
    this.#resolver = new Resolver(frames, neighbors, clock, {
      ...own,
      changed: (neighbor) => this.#changes.addNeighbor(neighbor),
      lost,
    });
    this.#changes = new Changes(clock, {
      compute: (neighbors) => this.#forwarding.update(neighbors, this.#resolver.neighbors),
      computed: (outcome) => this.#computed(outcome),
    });
    this.#newAddresses = new NewAddresses(dispatcher, own, clock);
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
      newAddresses: this.#newAddresses,
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
    const report = reportOf(this.#shared, this.#forwarding, this.#resolver);
    return this.#earlier === undefined ? report : sumOf(this.#earlier, report);
  }

  /** The last 1,000 frames that were dropped, the oldest first; also those under earlier configurations. */
  dropped(): DroppedFrame[] {
    const { maps } = this.#forwarding;
    const own = droppedFrames(this.#shared, this.#config, this.#plan, maps, this.#clock);
    return [...this.#droppedEarlier, ...own].slice(-KEPT);
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
    this.#forwarding.techniquesChanged();
    await this.#publish();
    this.#announcer.start();
    this.#log.info({ techniques: this.techniques() }, "technique changed");
    return this.techniques();
  }

  /** The probes of a backend have found this; what many of them find in one moment comes to one publication. */
  healthChanged(cluster: string, backend: string, health: Health): void {
    this.#liveness.healthChanged(cluster, backend, health);
    void this.#changes.add();
  }

  /** The state of each backend, with what it has of the buckets. */
  status(): Status {
    return statusOf(this.#forwarding, this.#liveness, this.#clock);
  }

  /**
   * Lets a backend drain, takes it down, or lets it serve again. Resolves with its status when the workers follow. `backend` is
   * `NAME` or `CLUSTER/NAME`. Throws UsageError when there is none, or several, or when its cluster broadcasts.
   */
  administer(backend: string, state: AdministrationState): Promise<BackendStatus> {
    return this.#decide(backend, (found) => {
      this.#liveness.administer(found.cluster.name, found.backend.name, state, "by command");
    });
  }

  /** Gives a backend another weight, 0 to 100; 0 drains. The rest is as with `administer`. */
  setWeight(backend: string, weight: number): Promise<BackendStatus> {
    return this.#decide(backend, (found) => {
      this.#liveness.setWeight(found.cluster.name, found.backend.name, weight);
    });
  }

  /** Verifies that the backends are set up right, without disturbing what goes on; up to three seconds, with hundreds of backends longer. */
  verify(): Promise<VerificationReport> {
    return this.#verifier.verify();
  }

  /**
   * Goes on by another configuration, without losing a frame: neighbors, health, what people want and transitions stay known.
   * Resolves with the engine that goes on; this one is over. Throws UsageError, and changes nothing, where something differs that
   * cannot change while it runs, or where another machine has an address that is to be the dispatcher's.
   */
  async reload(config: Config): Promise<Engine> {
    // Without the clusters, which may have 1,000 backends: there is no time to lose.
    const [before, after] = [this.#config, config].map((one) =>
      configData({ ...one, clusters: [] }).dispatcher
    );
    requireSameDevice(before!, after!);
    const had = ownAddresses(this.#config);
    await this.#newAddresses.requireFree(ownAddresses(config).filter((address) => !had.includes(address)));
    const next = new Engine(config, this.#log, this.#clock, this.#attachment);
    await next.#takeOver(this);
    return next;
  }

  /** From now on only its workers are at work: what it knows. Then comes `stand`. */
  rest(): EngineRecord {
    this.#rest();
    return recordOf(this.#parts);
  }

  /** Its workers stop too, and frames wait in the device: what they have written. Then comes `leave`, or `ready` of another engine. */
  async stand(): Promise<LateRecord> {
    await this.#attachment.hold();
    this.#inbox.drainAll();
    return { remembered: this.#forwarding.transitions.recordRemembered(), report: this.report() };
  }

  /** Computes by what another one knows what is to be forwarded. Without that it must find out anew what it can. Then comes `goOn`. */
  async prepare(record: EngineRecord | undefined): Promise<void> {
    if (record !== undefined) adopt(record, this.#parts);
    this.#known = record;
    this.#found = this.#look();
    await this.#publisher.publish();
  }

  /** Lets its workers go on where another one's stand. Resolves when frames are being forwarded. */
  async goOn(late: LateRecord | undefined): Promise<void> {
    if (this.#known !== undefined && late !== undefined) {
      this.#forwarding.transitions.adoptLater(this.#known.transitions, late.remembered);
    }
    this.#earlier = late?.report;
    this.#attachment.release();
    await this.#shared.settled();
    this.#begun();
  }

  /** Ends, and leaves the device as it is to another process that has it too. Nobody is told. */
  async leave(): Promise<void> {
    this.#rest();
    await this.#attachment.leave();
  }

  /**
   * Ends the data plane and removes the interface, if it was made here. Clusters whose fallback is to broadcast are left to their
   * backends. Idempotent.
   */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#rest();
    if (this.#holdsAddresses) this.#fallBack();
    await this.#attachment.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Nothing happens by itself any more. */
  #rest(): void {
    this.#isStopped = true;
    this.#probing?.cancel();
    this.#looking?.cancel();
    this.#ownMacWatch.stop();
    this.#resolver.stop();
    this.#changes.stop();
    this.#forwarding.transitions.stop();
    this.#announcer.stop();
    this.#prober.stop();
    this.#verifier.stop();
    this.#publisher.stop();
  }

  /** The table is filled before any worker sees it, and what `before` still has to read it reads to the end. */
  async #takeOver(before: Engine): Promise<void> {
    before.#inbox.drainAll();
    await this.prepare(before.rest());
    this.#attachment.start(this.#plan, this.#shared, (worker) => this.#inbox.drain(worker));
    await this.#shared.settled();
    before.#inbox.drainAll();
    this.#resolver.adoptFrames(before.#resolver);
    const { transitions } = before.#forwarding;
    this.#forwarding.transitions.adoptLater(this.#known!.transitions, transitions.recordRemembered());
    this.#earlier = before.report();
    this.#droppedEarlier = before.dropped();
    this.#begun();
  }

  /** What is forwarded by all that is known. */
  #look(): Outcome {
    const { neighbors } = this.#resolver;
    return finish(this.#forwarding.update(neighbors.known(), neighbors));
  }

  /** It goes on where another one was. */
  #begun(): void {
    const outcome = this.#found!;
    this.#known = undefined;
    this.#found = undefined;
    this.#ownMacWatch.start();
    this.#holdsAddresses = true;
    this.#resolver.start();
    this.#announcer.start();
    this.#prober.start();
    tell(this.#log, { ...outcome, neighbors: [], maps: [] }, this.#about());
    this.#lookAgain();
  }

  get #parts(): Parts {
    return {
      resolver: this.#resolver,
      liveness: this.#liveness,
      prober: this.#prober,
      forwarding: this.#forwarding,
    };
  }

  async #begin(): Promise<void> {
    // Before any worker looks: frames may wait in a TAP that was made beforehand, and an empty table has the first backend everywhere.
    await this.#publisher.publish();
    this.#attachment.start(this.#plan, this.#shared, (worker) => this.#inbox.drain(worker));
    await this.#shared.settled();
    this.#conflicts.start();
    this.#ownMacWatch.start();
    this.#link.probe();
    this.#probing = this.#clock.after(PROBE_MS, () => this.#appear());
  }

  /** Brings the table to the workers; resolves when all of them use it. */
  async #publish(): Promise<void> {
    await this.#publisher.publish();
    await this.#shared.settled();
  }

  /** From here on machines of the link learn where our addresses are: nobody else was heard to have them. */
  #appear(): void {
    this.#holdsAddresses = true;
    this.#lookAgain();
    this.#resolver.start();
    this.#announcer.start();
    this.#prober.start();
    if (this.#config.dispatcher.verify !== "off") void this.#verifier.watch();
  }

  #about(): About {
    return {
      macOf: (address) => this.#macOf(address),
      faultOf: (cluster, backend) => this.#prober.faultOf(cluster, backend),
    };
  }

  #whereIs(address: string): Whereabouts {
    const { neighbors } = this.#resolver;
    const neighbor = this.#forwarding.neighborOf(address);
    const mac = neighbors.mac(neighbor);
    if (mac !== undefined) return mac;
    return neighbors.state(neighbor) === "failed" ? "failed" : "unknown";
  }

  #probed(cluster: string, backend: string, health: ProbedHealth): void {
    const { address, fault } = health;
    this.healthChanged(cluster, backend, health);
    // Where verification looks for such a fault, it finds what mends it.
    const isToBeVerified = fault !== null && fault !== "backend-down" &&
      this.#config.dispatcher.verify !== "off";
    if (isToBeVerified) void this.#verifier.appeared(address);
  }

  async #decide(backend: string, change: (found: Found) => void): Promise<BackendStatus> {
    const found = findBackend(this.#config.clusters, backend);
    const { cluster } = found;
    if (this.#forwarding.techniques.isBroadcast(cluster)) {
      throw new UsageError(
        `In cluster "${cluster.name}" each backend's agent decides, by the configuration, because its technique is broadcast; ` +
          `use "oneip technique route --cluster ${cluster.name}" first`,
      );
    }
    change(found);
    await this.#changes.add();
    await this.#publisher.published();
    await this.#shared.settled();
    const { name } = found.backend;
    const buckets = this.#forwarding.bucketsOf(cluster, found.backend);
    return backendStatus(cluster, found.backend, buckets, this.#liveness.of(cluster.name, name), this.#clock);
  }

  #defend(address: string): void {
    const { gateways, routes } = this.#config.dispatcher;
    const routers = new Set([...gateways, ...routes.map(({ via }) => via)]);
    const macs = [...routers].flatMap((router) => this.#macOf(router) ?? []);
    this.#link.defend(address, (cluster) => this.#forwarding.techniques.isBroadcast(cluster), macs);
  }

  #fallBack(): void {
    const clusters = this.#config.clusters.filter(({ fallback }) => fallback === "broadcast");
    if (clusters.length === 0) return;
    this.#link.leaveTo(clusters);
    this.#log.info({ clusters: clusters.map(({ name }) => name) }, "left to the backends' filters");
  }

  #computed(outcome: Outcome): void {
    const { neighbors, maps, hasTransitions } = outcome;
    if (neighbors.length > 0 || maps.length > 0 || hasTransitions) void this.#publisher.publish();
    tell(this.#log, outcome, this.#about());
    if (this.#config.dispatcher.verify !== "off") {
      for (const { address, mac, backends } of neighbors) {
        if (mac !== undefined && backends.length > 0) void this.#verifier.appeared(address);
      }
    }
    this.#lookAgain();
  }

  /** When something changes by itself, such as a slow start's next step. */
  #lookAgain(): void {
    this.#looking?.cancel();
    const { nextMs } = this.#liveness;
    if (nextMs === Infinity || this.#isStopped) return;
    this.#looking = this.#clock.after(nextMs - this.#clock.now(), () => void this.#changes.add());
  }

  #macOf(address: string): Mac | undefined {
    return this.#resolver.neighbors.mac(this.#forwarding.neighborOf(address));
  }
}
