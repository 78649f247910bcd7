/**
 * Asks the backends, each time it is their turn, and tells when one comes up or goes down.
 *
 *     start ── first round, within FIRST_ROUND_MS ── each target every interval, a tenth more or less
 *
 *     turn (turns.ts) ── attempt (attempts.ts) ── what a failure is worth (doubt.ts) ── judge (judge.ts) ── changed
 *
 * The targets' turns spread over their interval, since each is a little early or late each time.
 */

import type { Logger } from "pino";
import type { Health } from "../cluster/liveness.ts";
import type { Config } from "../config/config.ts";
import { isProbedByDefault } from "../config/health.ts";
import type { FaultId } from "../fault/ids.ts";
import type { ExchangeEvents } from "../link/exchange.ts";
import { IpFrames } from "../link/ip_frames.ts";
import type { Frame } from "../link/own_frames.ts";
import type { Clock } from "../system/clock.ts";
import type { Random } from "../system/random.ts";
import type { OpenPorts } from "../table/open_ports.ts";
import type { Mac } from "../wire/address.ts";
import type { Failure } from "./attempt.ts";
import { Attempts } from "./attempts.ts";
import { type Asked, Doubt } from "./doubt.ts";
import { ProbePorts } from "./ports.ts";
import { adoptTarget, type ProbeCounts, type ProberRecord, recordOf } from "./record.ts";
import { type Probed, probedBackends, type Target, unaskable } from "./targets.ts";
import { type Turn, Turns } from "./turns.ts";

/** What the probes have found of a backend. */
export interface ProbedHealth extends Health {
  /** The backend's primary address. */
  readonly address: string;
  /** What `oneip verify` would call it; null for a backend that is up, and for what verification does not look at. */
  readonly fault: FaultId | null;
}

/** What is known of the machine that has a primary address. */
export type Whereabouts = Mac | "unknown" | "failed";

export interface ProberOptions extends ExchangeEvents {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where the machine with this primary address is. */
  whereIs(address: string): Whereabouts;
  /** How many frames to us have been lost so far that may have been answers. */
  lost(): number;
  changed(cluster: string, backend: string, health: ProbedHealth): void;
  /** By which the path knows what to hand up. Default: it hands up all. */
  readonly openPorts?: OpenPorts;
  readonly random: Random;
}

/** The first attempts are spread over this time, or over the interval when that is shorter, so that a start soon knows. */
const FIRST_ROUND_MS = 1000;
/** Of the interval: how much more or less. */
const JITTER = 0.1;
/** Until the first verdict, and while we may be the cause, a failed attempt is repeated after this time. */
const REPEAT_MS = 50;
/** Between two looks for the MAC of a backend that has not answered yet. */
const LOOK_MS = 100;

export class Prober {
  readonly #counts = { asked: 0, failed: 0, doubted: 0 };
  readonly #options: ProberOptions;
  readonly #random: Random;
  readonly #probed: readonly Probed[];
  /** By cluster, then by backend. */
  readonly #byName: ReadonlyMap<string, ReadonlyMap<string, Probed>>;
  readonly #frames: IpFrames;
  readonly #ports: ProbePorts;
  readonly #doubt: Doubt;
  readonly #turns: Turns;
  readonly #attempts: Attempts;
  /** What was told last. */
  readonly #told = new Map<Probed, Health["state"]>();

  constructor(options: ProberOptions) {
    const { config, clock, random } = options;
    this.#options = options;
    this.#random = random;
    this.#frames = new IpFrames(config.dispatcher);
    this.#ports = new ProbePorts(this.#frames, random.share(), options.openPorts);
    this.#doubt = new Doubt(clock, () => options.lost());
    this.#turns = new Turns(clock, this.#doubt, (turn) => this.#begin(turn));
    const means = {
      frames: this.#frames,
      ports: this.#ports,
      clock,
      random,
      send: (frame: Frame) => options.send(frame),
    };
    this.#attempts = new Attempts(means, this.#turns, this.#doubt, {
      catchUp: () => options.catchUp(),
      lost: () => options.lost(),
      ended: (turn, asked, failure, isSilence) => this.#ended(turn, asked, failure, isSilence),
    });
    this.#probed = probedBackends(config, this.#frames);
    this.#byName = new Map(
      [...Map.groupBy(this.#probed, ({ cluster }) => cluster)].map(([cluster, probed]) => [
        cluster,
        new Map(probed.map((one) => [one.backend, one])),
      ]),
    );
  }

  start(): void {
    const { config, log } = this.#options;
    const byDefault = config.clusters.filter(isProbedByDefault).map(({ name }) => name);
    if (byDefault.length > 0) {
      log.info({ clusters: byDefault }, "probed by tcp at the service ports, for no health is given");
    }
    const addresses = unaskable(config, this.#frames);
    if (addresses.length > 0) {
      const remedy = "add an IPv4 address to dispatcher.addresses";
      log.warn({ addresses, remedy }, "not probed: the dispatcher has no address to ask from");
    }
    const all = this.#probed.flatMap((probed) => probed.targets.map((target) => ({ probed, target })));
    for (const [index, turn] of all.entries()) {
      this.#turns.later(turn, index / all.length * Math.min(turn.target.probe.intervalMs, FIRST_ROUND_MS));
    }
  }

  stop(): void {
    this.#turns.stop();
    this.#attempts.stop();
  }

  /** Will `changed` be called for this backend? */
  isProbed(cluster: string, backend: string): boolean {
    return this.#find(cluster, backend) !== undefined;
  }

  /** What is wrong with a backend that is down, as `oneip verify` would call it; null for what it does not look at. */
  faultOf(cluster: string, backend: string): FaultId | null {
    return this.#find(cluster, backend)?.targets.find(isDown)?.failure?.fault ?? null;
  }

  /** How long the latest successful probe of a backend took, the slowest of its probes; null before, and when it is not probed. */
  tookMs(cluster: string, backend: string): number | null {
    const took = this.#find(cluster, backend)?.targets.flatMap(({ tookMs }) => tookMs ?? []) ?? [];
    return took.length > 0 ? Math.max(...took) : null;
  }

  get counts(): ProbeCounts {
    return { ...this.#counts };
  }

  record(): ProberRecord {
    return {
      counts: this.counts,
      backends: this.#probed.map((probed) => recordOf(probed, this.#told.get(probed) ?? null)),
    };
  }

  /** Goes on by what is known by another configuration: verdicts of probes that are still the same. To be called before `start`. */
  adopt({ counts, backends }: ProberRecord): void {
    Object.assign(this.#counts, counts);
    for (const { cluster, backend, address, told, targets } of backends) {
      const same = this.#find(cluster, backend);
      if (same !== undefined && same.address === address) {
        for (const target of same.targets) adoptTarget(target, targets);
        if (told !== null) this.#told.set(same, told);
      } else if (told === "down") {
        const reason = "it is not probed any more";
        this.#options.changed(cluster, backend, { address, state: "up", reason, fault: null });
      }
    }
  }

  #find(cluster: string, backend: string): Probed | undefined {
    return this.#byName.get(cluster)?.get(backend);
  }

  /** An IP packet to us. False when it is no answer to a probe. */
  heardPacket(frame: Frame): boolean {
    return this.#ports.heard(frame);
  }

  #begin(turn: Turn): void {
    const { clock, whereIs } = this.#options;
    const { probed, target } = turn;
    const where = whereIs(probed.address);
    if (where === "unknown") return this.#turns.later(turn, LOOK_MS);
    target.beganMs = clock.now();
    if (where === "failed") return this.#fell(turn);
    if (this.#attempts.begin(turn, where)) this.#counts.asked++;
    else this.#turns.later(turn, LOOK_MS);
  }

  #ended(turn: Turn, asked: Asked, failure: Failure | undefined, isSilence: boolean): void {
    const { target } = turn;
    target.wasSilent = isSilence;
    if (!isSilence) this.#doubt.answered(target, asked);
    if (failure === undefined) {
      target.doubtedMs = Infinity;
      target.tookMs = this.#options.clock.now() - asked.beganMs;
      target.judge.succeeded();
    } else {
      this.#counts.failed++;
      target.failure = failure;
      if (this.#doubt.failed(target, asked)) this.#counts.doubted++;
    }
    this.#plan(turn);
    this.#tell(turn.probed);
  }

  /** Its machine does not answer for its own address, so there is nobody to ask. */
  #fell(turn: Turn): void {
    const { probed, target } = turn;
    target.failure = {
      reason: `it does not answer for its own address ${probed.address}`,
      fault: "backend-down",
    };
    target.doubtedMs = Infinity;
    target.judge.fell();
    this.#plan(turn);
    this.#tell(probed);
  }

  #plan(turn: Turn): void {
    const { probe: { intervalMs }, judge, beganMs, doubtedMs } = turn.target;
    if (judge.verdict === "unknown" || doubtedMs !== Infinity) return this.#turns.later(turn, REPEAT_MS);
    const nextMs = beganMs + intervalMs * (1 + JITTER * (this.#random.share() * 2 - 1));
    this.#turns.later(turn, Math.max(0, nextMs - this.#options.clock.now()));
  }

  /** A backend is down when one of its targets is, and up when all are. */
  #tell(probed: Probed): void {
    const { cluster, backend, address, targets } = probed;
    const fallen = targets.find(isDown);
    const isUp = targets.every(({ judge }) => judge.verdict === "up");
    const state = fallen !== undefined ? "down" : isUp ? "up" : undefined;
    if (state === undefined || this.#told.get(probed) === state) return;
    this.#told.set(probed, state);
    const { reason, fault } = fallen?.failure ?? { reason: "it answers what it is asked", fault: null };
    this.#options.changed(cluster, backend, { address, state, reason, fault });
  }
}

function isDown({ judge }: Target): boolean {
  return judge.verdict === "down";
}
