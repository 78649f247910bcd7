/** A dispatcher at work and the file that it runs by: what the file says by now can take effect without a new start. */

import type { Logger } from "pino";
import { resolve } from "node:path";
import {
  changesInSteps,
  type ConfigChanges,
  keyChangesBetween,
  requireSameDevice,
} from "../cluster/config_changes.ts";
import { findBackend, findCluster } from "../cluster/find_backend.ts";
import type { Config } from "../config/config.ts";
import type { Agreement, Decision, Finding } from "../cluster/quorum.ts";
import type { Wanted } from "../engine/decide.ts";
import type { BackendStatus } from "../engine/status.ts";
import type { SharedText } from "../fleet/etcd/snapshot.ts";
import { requireShareable, sourceOf } from "./shared.ts";
import { configOfInSteps, loadInSteps } from "../config/load.ts";
import { configData, configFile, type JsonMapping } from "../config/print.ts";
import type { HandedTap } from "../device/tap.ts";
import { Engine } from "../engine/engine.ts";
import type { EngineRecord, LateRecord } from "../engine/record.ts";
import type { Status } from "../engine/status.ts";
import { requireNeeds } from "../health/needs.ts";
import { ownUser } from "../device/privileges.ts";
import { UsageError } from "../input/errors.ts";
import type { TapAttachment } from "../plane/tap_attachment.ts";
import type { Clock } from "../system/clock.ts";
import { breathe, inSteps } from "../system/in_steps.ts";
import { requireFreeAddresses } from "../verify/free_addresses.ts";
import type { Difference } from "./difference.ts";
import type { ServiceManager } from "./service_manager.ts";
import { requireUplink, tellOfFastPath } from "./fast_path.ts";
import { requireApi, type TcpApi } from "./tcp.ts";

export interface Service {
  readonly file: string;
  /** What the file said at the start. */
  readonly config: Config;
  readonly log: Logger;
  readonly manager: ServiceManager;
  /** What a fleet shares, with which it was started. */
  readonly shared?: SharedText | undefined;
  /** The file says this from now on. */
  reloaded(config: Config): void;
}

/** An engine, and what it was started with. */
export interface Started {
  readonly engine: Engine;
  readonly attachment: TapAttachment;
  readonly clock: Clock;
}

export class Running {
  /** Rejects when the dispatcher can do its work no more; never resolves otherwise. */
  readonly failed: Promise<never>;
  /** Resolves when frames go by the first bucket maps of known states. */
  readonly live: Promise<void>;
  readonly #becomeLive: () => void;
  readonly #service: Service;
  readonly #attachment: TapAttachment;
  readonly #clock: Clock;
  readonly #fail: (error: Error) => void;
  #engine: Engine;
  #config: Config;
  #tcp: TcpApi | undefined;
  #isStopping = false;
  /** In place of what the file says of it. */
  #shared: SharedText | undefined;
  #agreement: Agreement | undefined;
  #found: () => void = () => {};
  /** Another process has what the engine knew. */
  #isHandedOver = false;
  /** One reload or takeover at a time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor({ engine, attachment, clock }: Started, service: Service) {
    const { promise, reject } = Promise.withResolvers<never>();
    this.failed = promise;
    this.failed.catch(() => {}); // Whoever waits for it hears of it; nobody must.
    this.#fail = reject;
    const { promise: live, resolve: becomeLive } = Promise.withResolvers<void>();
    this.live = live;
    this.#becomeLive = becomeLive;
    this.#service = service;
    this.#attachment = attachment;
    this.#clock = clock;
    this.#engine = engine;
    this.#config = service.config;
    this.#shared = service.shared;
    this.#heed(engine);
  }

  /** The one at work now. Throws UsageError while another process is about to go on in its place. */
  get engine(): Engine {
    if (this.#isHandedOver) {
      throw new UsageError("The dispatcher is being taken over by another process; ask again");
    }
    return this.#engine;
  }

  /** What a reload changes as well. */
  set tcp(tcp: TcpApi) {
    this.#tcp = tcp;
  }

  /** By which it works now. */
  get config(): Config {
    return this.#config;
  }

  /** Makes each worker of the data plane come by, and says how often each has; also while another process takes over. */
  bursts(): number[] {
    return this.#engine.bursts();
  }

  /** The state of each backend, also while another process takes over. */
  status(): Status {
    return this.#engine.status();
  }

  /** What another process needs to have the TAP, too. */
  get tap(): HandedTap {
    return this.#attachment.handed;
  }

  /** By the engine's clock. */
  get nowMs(): number {
    return this.#clock.now();
  }

  /**
   * Reads the file anew and goes on by it. Resolves with what has changed by that when the workers follow. Throws, tells the log, and
   * changes nothing when the file has a mistake, or changes what cannot change while the dispatcher runs.
   */
  reload(): Promise<ConfigChanges> {
    return this.inTurn(() => this.#service.manager.during(() => this.#reload())).catch((error) => {
      this.#service.log.error(
        { event: "configuration.refused", reason: (error as Error).message },
        "the configuration was not reloaded, and nothing was changed",
      );
      throw error;
    });
  }

  /**
   * Goes on by what a fleet shares, in place of what the file says of it. Resolves with whether it does: what will not do for this
   * dispatcher is told to the log, and changes nothing. Throws UsageError while another process is about to go on in its place.
   */
  adopt(shared: SharedText): Promise<boolean> {
    return this.inTurn(async () => {
      void this.engine; // While another process is about to go on it is not refused, but asked again.
      const before = this.#shared;
      this.#shared = shared;
      try {
        await this.#service.manager.during(() => this.#reload());
        return true;
      } catch (error) {
        this.#shared = before;
        this.#service.log.error(
          {
            event: "configuration.refused",
            revision: shared.revision,
            reason: (error as Error).message,
          },
          "what the fleet shares was refused, and nothing was changed",
        );
        return false;
      }
    });
  }

  /** What it finds of its backends by itself. */
  finding(): Finding {
    return this.#engine.finding();
  }

  /** Calls this whenever it may have found something else. */
  whenFound(call: () => void): void {
    this.#found = call;
  }

  /** What it goes by of its fleet, or did last. */
  get agreement(): Agreement | undefined {
    return this.#agreement;
  }

  /** Goes by what the fleet agrees on, when it goes on by no other configuration just then. */
  agree(agreement: Agreement): void {
    this.#agreement = agreement;
    void this.inTurn(() => {
      if (!this.#isHandedOver) void this.#engine.agree(agreement);
      return Promise.resolve();
    });
  }

  /** What people decide of a backend for all dispatchers. Throws UsageError when there is none, or several. */
  decisionOf(backend: string, wanted: Wanted, before?: Decision): Decision {
    return this.engine.decisionOf(backend, wanted, before);
  }

  /** When the workers follow all that was agreed on by now. */
  settled(backend: string): Promise<BackendStatus> {
    return this.inTurn(() => this.engine.settled(backend));
  }

  /** What a reload would change. Throws where it would, and changes nothing. */
  changes(): Promise<ConfigChanges> {
    return this.inTurn(async () => (await this.#read()).changes);
  }

  /** What a reload would change back, and what people have changed by command. Throws where the file has a mistake. */
  difference(): Promise<Difference> {
    return this.inTurn(async () => {
      const { file } = this.#service;
      const { config } = await inSteps(this.#clock, loadInSteps(file, sourceOf(this.#shared)));
      const { config: now, drained } = this.engine.commanded();
      return { file: resolve(file), changes: keyChangesBetween(config, now), drained };
    });
  }

  /**
   * Goes on with one backend more, until the next reload. `backend` is as in a file. Resolves with what has changed by that when
   * the workers follow. Throws UsageError, with the words for a mistake in a file, and changes nothing where a file could not say so.
   */
  add(cluster: string, backend: JsonMapping): Promise<ConfigChanges> {
    return this.inTurn(() => this.#change(cluster, (backends) => [...backends, backend]));
  }

  /** The same with one less. Its connections end as when a reload takes it away. */
  remove(cluster: string, backend: string): Promise<ConfigChanges> {
    return this.inTurn(() => {
      findBackend(this.#config.clusters, `${cluster}/${backend}`);
      return this.#change(cluster, (backends) => backends.filter(({ name }) => name !== backend));
    });
  }

  /** One after another: what changes the engine. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isStopping) return Promise.reject(new UsageError("The dispatcher stops"));
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {}); // Whoever asked hears of it.
    return turn;
  }

  /** Throws UsageError when another machine on the link has one of these that the dispatcher does not have itself. */
  requireFree(addresses: readonly string[]): Promise<void> {
    return this.#engine.requireFree(addresses);
  }

  /** The engine rests, but for its workers: what it knows. Then another process goes on, or `goOn`. */
  rest(): EngineRecord {
    this.#isHandedOver = true;
    return this.#engine.rest();
  }

  /** Its workers let frames wait: what they have written. */
  stand(): Promise<LateRecord> {
    return this.#engine.stand();
  }

  /** Nobody has taken over: this one goes on by what it knew when it began to rest. */
  async goOn(record: EngineRecord): Promise<void> {
    const surroundings = { attachment: this.#attachment, clock: this.#clock };
    const late = await this.#engine.stand();
    this.#engine = await Engine.ready(this.#config, this.#service.log, surroundings);
    this.#heed(this.#engine);
    await this.#engine.prepare(record);
    await this.#engine.goOn(late);
    this.#isHandedOver = false;
    // What was agreed on meanwhile.
    if (this.#agreement !== undefined) void this.#engine.agree(this.#agreement);
  }

  /** Ends it, and with it the interface, if no other process has it, and tells the log. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#last;
    this.#tcp?.close();
    if (this.#isHandedOver) await this.#engine.leave();
    else {
      await this.#engine.stop();
      this.#service.log.info(this.#engine.report(), "stopped");
    }
  }

  #heed(engine: Engine): void {
    engine.failed.catch(this.#fail);
    void engine.live.then(this.#becomeLive);
    engine.whenFound(() => this.#found());
  }

  async #reload(): Promise<ConfigChanges> {
    const { log } = this.#service;
    const { config, warnings, changes } = await this.#read();
    await breathe(this.#clock);
    const listeners = await this.#tcp?.prepare(config.api);
    try {
      if (changes.changes.length > 0) await this.#goOnBy(config);
    } catch (error) {
      listeners?.drop();
      throw error;
    }
    await listeners?.take();
    const revision = this.#shared === undefined ? {} : { revision: this.#shared.revision };
    log.info({ event: "configuration.reloaded", ...changes, ...revision }, "configuration reloaded");
    for (const warning of warnings) log.warn(warning, "The configuration is legal but unwise");
    return changes;
  }

  /** Of a cluster's backends as a file would have them. */
  async #change(
    name: string,
    change: (backends: readonly JsonMapping[]) => readonly JsonMapping[],
  ): Promise<ConfigChanges> {
    const cluster = findCluster(this.#config.clusters, name);
    if (this.#config.fleet?.etcd !== undefined) {
      throw new UsageError(
        'The clusters are shared with other dispatchers: change the file, and "oneip config push -c FILE"',
      );
    }
    if (this.engine.techniques().some((one) => one.cluster === name && one.technique === "broadcast")) {
      throw new UsageError(
        `In cluster "${name}" each backend's agent goes by the file, because its technique is broadcast; ` +
          `change the file on all machines, and reload`,
      );
    }
    const file = configFile(this.#config);
    await breathe(this.#clock);
    const clusters = file.clusters.map((one) =>
      one["name"] === cluster.name ? { ...one, backends: change(one.backends) } : one
    );
    const config = await inSteps(this.#clock, configOfInSteps({ ...file, clusters }));
    requireNeeds(config);
    const changes = await inSteps(this.#clock, changesInSteps(this.#config, config));
    await breathe(this.#clock);
    await this.#goOnBy(config);
    this.#service.log.info(
      { event: "configuration.changed", ...changes },
      "configuration changed by command, until the next reload",
    );
    return changes;
  }

  async #goOnBy(config: Config): Promise<void> {
    const { why } = this.#engine.fastPath;
    this.#engine = await this.#engine.reload(config);
    this.#heed(this.#engine);
    this.#config = config;
    this.#service.reloaded(config);
    if (this.#engine.fastPath.why !== why) tellOfFastPath(this.#engine, config, this.#service.log);
  }

  /** What the file says now, and what of that is new. */
  async #read() {
    // With 1,000 backends it takes a while: answers to probes and from neighbors are read in between.
    const source = sourceOf(this.#shared);
    const { config, warnings } = await inSteps(this.#clock, loadInSteps(this.#service.file, source));
    if (this.#shared !== undefined) requireShareable(config, this.#service.file);
    requireFreeAddresses(config);
    requireNeeds(config);
    requireUplink(config);
    requireApi(config.api, ownUser());
    const [before, after] = [this.#config, config].map((one) =>
      configData({ ...one, clusters: [] }).dispatcher
    );
    requireSameDevice(before!, after!);
    return { config, warnings, changes: await inSteps(this.#clock, changesInSteps(this.#config, config)) };
  }
}
