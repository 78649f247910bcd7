/** The dispatcher at work: how it starts and stops, and how another one goes on in its place. Its parts are in parts.ts. */

import type { Logger } from "pino";
import { requireSameDevice } from "../cluster/config_changes.ts";
import type { AdministrationState, Health } from "../cluster/liveness.ts";
import type { Agreement, Decision, Finding } from "../cluster/quorum.ts";
import type { Technique, TechniqueOf } from "../cluster/techniques.ts";
import type { Config } from "../config/config.ts";
import { configData } from "../config/print.ts";
import type { ProbeCounts } from "../health/record.ts";
import { ownAddresses } from "../link/link.ts";
import { UsageError } from "../input/errors.ts";
import { KEPT } from "../plane/dropped_ring.ts";
import { type FastPathStatus, requireFastPath } from "../plane/fast_path_status.ts";
import { breathe } from "../system/in_steps.ts";
import type { VerificationReport } from "../verify/report.ts";
import { type Buckets, bucketsOf } from "./buckets.ts";
import { type Commanded, commandedOf } from "./commanded.ts";
import { decide, decisionOf, requireHere, type Wanted } from "./decide.ts";
import { type DroppedFrame, droppedFrames } from "./dropped.ts";
import { explainLive, type LiveExplanation } from "./explain_live.ts";
import { administerFleet, fleetOf, type FleetRoutes } from "./fleet.ts";
import { recordOf } from "./hand_over.ts";
import { type CaptureRequest, LiveCapture } from "./live_capture.ts";
import { neighborsOf, type NeighborStatus } from "./neighbors.ts";
import { EngineParts } from "./parts.ts";
import { Presence } from "./presence.ts";
import type { EngineRecord, LateRecord } from "./record.ts";
import type { Report } from "./report.ts";
import { type BackendStatus, type Status, statusOf } from "./status.ts";
import { Succession } from "./succession.ts";
import { completed, type Surroundings } from "./surroundings.ts";

/** A whole dispatcher: its control plane, and what joins it to the link. */
export class Engine {
  /** Rejects when the data plane dies or an address of the dispatcher proves taken; never resolves otherwise. */
  readonly failed: Promise<never>;
  readonly #parts: EngineParts;
  readonly #presence: Presence;
  readonly #succession: Succession;
  readonly #fail: (error: Error) => void;
  #isStopped = false;
  #hasFailed = false;
  #droppedEarlier: readonly DroppedFrame[] = [];
  #capture: LiveCapture | undefined;

  /**
   * Starts a dispatcher. Resolves when frames are being forwarded. Throws TapError when the TAP cannot be had, and leaves
   * nothing behind.
   */
  static async start(config: Config, log: Logger, surroundings: Surroundings = {}): Promise<Engine> {
    const engine = new Engine(config, log, completed(config, surroundings));
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
  static async ready(
    config: Config,
    log: Logger,
    surroundings: Surroundings & Required<Pick<Surroundings, "attachment" | "clock">>,
  ): Promise<Engine> {
    const { attachment } = surroundings;
    const engine = new Engine(config, log, completed(config, surroundings));
    try {
      await attachment.hold();
      engine.#parts.startKernel();
      engine.#parts.startWorkers();
      await attachment.hold();
    } catch (error) {
      await engine.leave();
      throw error;
    }
    return engine;
  }

  private constructor(config: Config, log: Logger, surroundings: Required<Surroundings>) {
    const { promise, reject } = Promise.withResolvers<never>();
    this.#fail = reject;
    this.#parts = new EngineParts(config, log, surroundings, (error) => {
      this.#presence.taken();
      reject(error);
    });
    this.#presence = new Presence(this.#parts);
    this.#succession = new Succession(this.#parts);
    this.failed = Promise.race([surroundings.attachment.failed, promise]);
    // Whoever waits for it hears of it; nobody must.
    this.failed.catch(() => this.#hasFailed = true);
  }

  /** Of the device that it is attached to. */
  get interfaceName(): string {
    return this.#parts.attachment.name;
  }

  /** The offloads that the kernel grants. */
  get offloads(): readonly string[] {
    return this.#parts.attachment.offloads;
  }

  /** Neighbors' answers do not wait behind data. */
  get hasNeighborQueue(): boolean {
    return this.#parts.attachment.hasNeighborQueue;
  }

  /** Does the kernel take its share of the path? */
  get fastPath(): FastPathStatus {
    return this.#parts.attachment.fastPath;
  }

  /** Resolves when the workers use the first bucket maps by known states (docs/states.md); never when it ends before. */
  get live(): Promise<void> {
    return this.#parts.live;
  }

  /** Makes each worker come by, and says how often each has done so until now; the numbers wrap. */
  bursts(): number[] {
    this.#parts.attachment.wake();
    return this.#parts.shared.workers.map(({ bursts }) => bursts);
  }

  /** The sums of all counters so far. */
  report(): Report {
    return this.#succession.report();
  }

  /** Probes so far: those that were begun, those that failed, and failed ones that say little. */
  get probes(): ProbeCounts {
    return this.#parts.prober.counts;
  }

  /** The last 1,000 frames that were dropped, the oldest first; also those under earlier configurations. */
  dropped(): DroppedFrame[] {
    return [...this.#droppedEarlier, ...droppedFrames(this.#parts)].slice(-KEPT);
  }

  /**
   * Captures frames from now on, until its reader stops it or another process takes over; a reload it survives. Throws UsageError while
   * another capture is going on, and when there is nothing of a name in the request.
   */
  capture(request: CaptureRequest = {}): LiveCapture {
    if (this.#isStopped) throw new UsageError("The dispatcher goes over to another configuration; ask again");
    if (this.#capture?.isOver === false) {
      throw new UsageError("Somebody captures already, and one at a time can; end that one first");
    }
    this.#capture = new LiveCapture(this.#parts, request);
    return this.#capture;
  }

  /** The technique of each cluster now. */
  techniques(): TechniqueOf[] {
    return this.#parts.forwarding.techniques.list();
  }

  /**
   * Changes the technique of one cluster, or of all, and tells the link: with `broadcast` the cluster addresses are at the
   * group's MAC. Resolves when the workers follow. Throws UsageError when there is no such cluster, or its backends have no filter.
   */
  async setTechnique(technique: Technique, cluster?: string): Promise<TechniqueOf[]> {
    const { forwarding, announcer, log } = this.#parts;
    requireHere(this.#parts);
    forwarding.techniques.set(technique, cluster);
    forwarding.techniquesChanged();
    await this.#parts.publish();
    announcer.start();
    log.info({ techniques: this.techniques() }, "technique changed");
    return this.techniques();
  }

  /** The probes of a backend have found this; what many of them find in one moment comes to one publication. */
  healthChanged(cluster: string, backend: string, health: Health): void {
    this.#parts.healthChanged(cluster, backend, health);
  }

  /** The state of each backend, with what it has of the buckets. */
  status(): Status {
    return statusOf(this.#parts);
  }

  /** Who owns each bucket of a cluster. Throws UsageError when there is no such cluster. */
  buckets(cluster: string): Buckets {
    return bucketsOf(this.#parts, cluster);
  }

  /** The machines that it must reach, and what is known of each. */
  neighbors(): NeighborStatus[] {
    return neighborsOf(this.#parts);
  }

  /** Which backend of each cluster serves a client now, and why. Throws UsageError when that is no address. */
  explain(client: string): LiveExplanation[] {
    return explainLive(client, this.#parts.forwarding, this.#parts.liveness);
  }

  /**
   * Lets a backend drain, takes it down, or lets it serve again. Resolves with its status when the workers follow. `backend` is
   * `NAME` or `CLUSTER/NAME`. Throws UsageError when there is none, or several, or when its cluster broadcasts.
   */
  administer(backend: string, state: AdministrationState): Promise<BackendStatus> {
    return decide(this.#parts, backend, { state });
  }

  /** Both of them. */
  decide(backend: string, wanted: Wanted): Promise<BackendStatus> {
    return decide(this.#parts, backend, wanted);
  }

  /** Gives a backend another weight, 0 to 100; 0 drains. The rest is as with `administer`. */
  setWeight(backend: string, weight: number): Promise<BackendStatus> {
    return decide(this.#parts, backend, { weight });
  }

  /** What BIRD announces for this dispatcher. Throws UsageError where none does. */
  fleet(): FleetRoutes {
    return fleetOf(this.#parts);
  }

  /**
   * Lets routers go over to other dispatchers, withdraws the routes, or announces them again. Resolves when BIRD has them so, or does not
   * answer. Throws UsageError where no BIRD announces them.
   */
  administerFleet(state: AdministrationState): Promise<FleetRoutes> {
    return administerFleet(this.#parts, state);
  }

  /** What the fleet agrees on counts from now on. Resolves when the workers follow. */
  async agree(agreement: Agreement): Promise<void> {
    const { liveness, changes, publisher, shared } = this.#parts;
    liveness.agree(agreement);
    await changes.add();
    await publisher.published();
    await shared.settled();
  }

  /** What this dispatcher finds by itself. */
  finding(): Finding {
    return this.#parts.liveness.finding();
  }

  /** Calls this whenever it may have found something else. */
  whenFound(call: () => void): void {
    this.#parts.found = call;
  }

  /** What people decide of a backend for all dispatchers of a fleet, as `administer` and `setWeight` say it of this one. Changes nothing. */
  decisionOf(backend: string, wanted: Wanted, before: Decision | undefined): Decision {
    return decisionOf(this.#parts, backend, wanted, before);
  }

  /** The status of one backend, when the workers follow all that has changed by now. */
  settled(backend: string): Promise<BackendStatus> {
    return decide(this.#parts, backend, {});
  }

  /** The configuration as people have changed it since by command. */
  commanded(): Commanded {
    return commandedOf(this.#parts);
  }

  /** Verifies that the backends are set up right, without disturbing what goes on; up to three seconds, with hundreds of backends longer. */
  verify(): Promise<VerificationReport> {
    return this.#parts.verifier.verify();
  }

  /**
   * Goes on by another configuration, without losing a frame: neighbors, health, what people want and transitions stay known.
   * Resolves with the engine that goes on; this one is over. Throws UsageError, and changes nothing, where something differs that
   * cannot change while it runs, or where another machine has an address that is to be the dispatcher's. Whatever else goes wrong has
   * `failed` reject, too.
   */
  async reload(config: Config): Promise<Engine> {
    const { config: old, log, clock, surroundings } = this.#parts;
    // Without the clusters, which may have 1,000 backends: there is no time to lose.
    const [before, after] = [old, config].map((one) => configData({ ...one, clusters: [] }).dispatcher);
    requireSameDevice(before!, after!);
    await this.requireFree(ownAddresses(config));
    const next = new Engine(config, log, surroundings);
    // With 1,000 backends that took a while: what the link has said meanwhile is read before this one rests.
    await breathe(clock);
    try {
      await next.#takeOver(this);
    } catch (error) {
      // Half way nobody looks after neighbors and health any more: better that it ends, and is started again.
      if (this.#isStopped) this.#fail(error as Error);
      throw error;
    }
    return next;
  }

  /** Throws UsageError when another machine on the link has one of these that it does not have itself. */
  async requireFree(addresses: readonly string[]): Promise<void> {
    const { config, newAddresses } = this.#parts;
    const had = ownAddresses(config);
    await newAddresses.requireFree(addresses.filter((address) => !had.includes(address)));
  }

  /** From now on only its workers are at work: what it knows. Then comes `stand`. */
  rest(): EngineRecord {
    this.#capture?.end("Another process takes over from the dispatcher; capture from that one now");
    this.#rest();
    return recordOf(this.#parts);
  }

  /** Its workers stop too, and frames wait in the device: what they have written. Then comes `leave`, or `ready` of another engine. */
  async stand(): Promise<LateRecord> {
    const { attachment, inbox, forwarding, resolver } = this.#parts;
    await attachment.hold();
    inbox.drainAll();
    return {
      remembered: forwarding.transitions.recordRemembered(),
      waiting: resolver.waiting(),
      pair: this.#parts.pair.record(),
      report: this.report(),
    };
  }

  /** Computes by what another one knows what is to be forwarded. Without that it must find out anew what it can. Then comes `goOn`. */
  prepare(record: EngineRecord | undefined): Promise<void> {
    return this.#succession.prepare(record);
  }

  /** Lets its workers go on where another one's stand. Resolves when frames are being forwarded. */
  async goOn(late: LateRecord | undefined): Promise<void> {
    const { attachment, shared, resolver } = this.#parts;
    if (late !== undefined) this.#succession.adoptLate(late);
    this.#parts.pair.entrust();
    attachment.release();
    await shared.settled();
    resolver.adoptWaiting(late?.waiting ?? []);
    this.#appear();
  }

  /** Ends, and leaves the device as it is to another process that has it too. Nobody is told. */
  async leave(): Promise<void> {
    this.#rest();
    await this.#parts.attachment.leave();
  }

  /**
   * Ends the data plane and removes the interface, if it was made here. Clusters whose fallback is to broadcast are left to their
   * backends. Idempotent.
   */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#capture?.end("The dispatcher has ended");
    await this.#parts.announcing?.leave(this.#hasFailed);
    // The other one of a pair, if there is one, is to have taken over first.
    const isTaken = await this.#parts.pair.stop();
    this.#rest();
    if (!isTaken) this.#presence.leave();
    await this.#parts.attachment.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Nothing happens by itself any more. */
  #rest(): void {
    this.#isStopped = true;
    this.#presence.stop();
    this.#parts.rest();
  }

  async #begin(): Promise<void> {
    const { publisher, shared } = this.#parts;
    // Before any worker looks: frames may wait in a TAP that was made beforehand, and an empty table has the first backend everywhere.
    await publisher.publish();
    this.#parts.startKernel();
    this.#parts.startWorkers();
    requireFastPath(this.#parts.config.dispatcher.fastPath, this.fastPath);
    await shared.settled();
    this.#presence.probe();
  }

  /**
   * The table is filled before any worker sees it. While they go over to it frames wait: what the last ones have had remembered must be known
   * here before the next segment of such a connection comes.
   */
  async #takeOver(before: Engine): Promise<void> {
    before.#parts.inbox.drainAll();
    this.#capture = before.#capture;
    before.#capture = undefined;
    await this.prepare(before.rest());
    this.#capture?.goOn(this.#parts);
    this.#parts.startKernel();
    const late = await before.stand();
    this.#parts.startWorkers();
    await this.goOn(late);
    this.#capture?.wentOver();
    this.#droppedEarlier = before.dropped();
  }

  /** It goes on where another one was. */
  #appear(): void {
    this.#parts.ownMacWatch.start();
    this.#presence.appear();
    this.#succession.tell();
  }
}
