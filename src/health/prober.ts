/**
 * Asks the backends, each time it is their turn, and tells when one comes up or goes down.
 *
 *     start ── first round, within FIRST_ROUND_MS ── each target every interval, a tenth more or less
 *
 *     due ── pace ── attempt ──┬── ended ────────────────────────────────────┬── judge ── changed
 *                              └── time is over ── catch up ── still silent ─┘
 *
 * The targets' turns spread over their interval, since each is a little early or late each time, and only so many attempts begin in a second, because the path lets only so many
 * answers a second through (path/limits.ts). An answer that waits to be read is not too late: what was heard is read before a
 * time-out counts. While frames are lost here a failure says little, and while this process is late or slept it says nothing:
 *
 *     late                       late                                    late
 *     |── fails: asked again     |── fails again; nobody was heard: no    |── and again: the one before counts
 *     |   at once                |   failure counts                      |
 *                                      another target: ── asked ── answered
 *
 * Once a later question of the same type has been answered, by whomever, what came before that answer has been read: then the silence
 * was the backend's own. So who is always late finds a death all the same, one attempt later.
 */

import type { Logger } from "pino";
import type { Health } from "../cluster/liveness.ts";
import type { Config } from "../config/config.ts";
import { isProbedByDefault, type Probe, type ProbeType } from "../config/health.ts";
import type { FaultId } from "../fault/ids.ts";
import type { ExchangeEvents } from "../link/exchange.ts";
import { IpFrames } from "../link/ip_frames.ts";
import type { Frame } from "../link/own_frames.ts";
import type { Clock, Timer } from "../system/clock.ts";
import type { OpenPorts } from "../table/open_ports.ts";
import { TokenBucket } from "../table/token_bucket.ts";
import type { Mac } from "../wire/address.ts";
import type { Attempt, Begin, Failure, Means } from "./attempt.ts";
import { execProbe } from "./exec_probe.ts";
import { httpProbe } from "./http_probe.ts";
import { icmpProbe } from "./icmp_probe.ts";
import type { JudgeRecord } from "./judge.ts";
import { ProbePorts } from "./ports.ts";
import { type Probed, probedBackends, type Target, unaskable } from "./targets.ts";
import { tcpProbe } from "./tcp_probe.ts";
import { dnsProbe, udpProbe } from "./udp_probe.ts";

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
  /** From 0 up to 1, evenly. Default: Math.random. */
  readonly random?: () => number;
}

const KINDS: Readonly<Record<ProbeType, Begin>> = {
  tcp: tcpProbe,
  icmp: icmpProbe,
  http: httpProbe,
  https: httpProbe,
  udp: udpProbe,
  dns: dnsProbe,
  exec: execProbe,
};

/** The first attempts are spread over this time, or over the interval when that is shorter, so that a start soon knows. */
const FIRST_ROUND_MS = 1000;
/** Of the interval: how much more or less. */
const JITTER = 0.1;
/** Until the first verdict, and while we may be the cause, a failed attempt is repeated after this time. */
const REPEAT_MS = 50;
/** Between two looks for the MAC of a backend that has not answered yet. */
const LOOK_MS = 100;

/** Attempts a second, and how many at once. */
const PER_SECOND = 2000;
const AT_ONCE = 32;
/** Between two looks whether more may begin. */
const TURN_MS = 10;

/** Probes that keep more than a port open, and so share memory and rings: so many at one time. */
const CONVERSATIONS: readonly ProbeType[] = ["http", "https", "exec"];
const MOST_CONVERSATIONS = 64;

/** Who is later than this may have been asleep: link/hearing.ts. */
const LATE_MS = 100;

/** What the probes of a backend have found, as plain data. */
export interface ProbedRecord {
  readonly cluster: string;
  readonly backend: string;
  readonly address: string;
  /** What was told last; null before. */
  readonly told: Health["state"] | null;
  readonly targets: readonly TargetRecord[];
}

interface TargetRecord {
  readonly to: string;
  readonly port: number;
  readonly probe: Probe;
  readonly judge: JudgeRecord;
  readonly failure: Failure | null;
}

interface Turn {
  readonly probed: Probed;
  readonly target: Target;
}

/** One that is under way. */
interface Running {
  readonly beganMs: number;
  readonly lostBefore: number;
  attempt: Attempt | undefined;
  timer: Timer | undefined;
}

export class Prober {
  /** Attempts, those that failed, and failed ones that say little or nothing because we lost frames or were late. */
  readonly counts = { asked: 0, failed: 0, doubted: 0 };
  readonly #options: ProberOptions;
  readonly #random: () => number;
  readonly #probed: readonly Probed[];
  /** By cluster, then by backend. */
  readonly #byName: ReadonlyMap<string, ReadonlyMap<string, Probed>>;
  readonly #frames: IpFrames;
  readonly #means: Means;
  readonly #pace = new TokenBucket(PER_SECOND, AT_ONCE);
  /** Those whose turn it is, in order. */
  readonly #due: Turn[] = [];
  /** Those whose turn it was while there were too many conversations. */
  readonly #held: Turn[] = [];
  #conversations = 0;
  readonly #timers = new Map<Target, Timer>();
  readonly #running = new Map<Target, Running>();
  /** What was told last. */
  readonly #told = new Map<Probed, Health["state"]>();
  #turn: Timer | undefined;
  /** When we were last found to be late. */
  #lateMs = -Infinity;
  /** By type: when the latest attempt began that was answered, be it by a refusal. */
  readonly #answeredMs = new Map<ProbeType, number>();

  constructor(options: ProberOptions) {
    const { config, clock, random = Math.random } = options;
    this.#options = options;
    this.#random = random;
    this.#frames = new IpFrames(config.dispatcher);
    this.#means = {
      frames: this.#frames,
      ports: new ProbePorts(this.#frames, random(), options.openPorts),
      clock,
      send: (frame) => options.send(frame),
    };
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
    for (const [index, { probed, target }] of all.entries()) {
      this.#later(probed, target, index / all.length * Math.min(target.probe.intervalMs, FIRST_ROUND_MS));
    }
  }

  stop(): void {
    this.#turn?.cancel();
    this.#due.length = 0;
    this.#held.length = 0;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    for (const { attempt, timer } of this.#running.values()) {
      timer?.cancel();
      attempt?.giveUp();
    }
    this.#running.clear();
  }

  /** Will `changed` be called for this backend? */
  isProbed(cluster: string, backend: string): boolean {
    return this.#find(cluster, backend) !== undefined;
  }

  /** What is wrong with a backend that is down, as `oneip verify` would call it; null for what it does not look at. */
  faultOf(cluster: string, backend: string): FaultId | null {
    return this.#find(cluster, backend)?.targets.find(isDown)?.failure?.fault ?? null;
  }

  record(): ProbedRecord[] {
    return this.#probed.map((probed) => ({
      cluster: probed.cluster,
      backend: probed.backend,
      address: probed.address,
      told: this.#told.get(probed) ?? null,
      targets: probed.targets.map(({ to, port, probe, judge, failure = null }) => (
        { to, port, probe, judge: judge.record(), failure }
      )),
    }));
  }

  /** Takes over what is known by another configuration: verdicts of probes that are still the same. To be called before `start`. */
  adopt(before: readonly ProbedRecord[]): void {
    for (const { cluster, backend, address, told, targets } of before) {
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
    return this.#means.ports.heard(frame);
  }

  #later(probed: Probed, target: Target, delayMs: number): void {
    this.#timers.set(
      target,
      this.#after(delayMs, () => {
        this.#due.push({ probed, target });
        if (this.#turn === undefined) this.#takeTurns();
      }),
    );
  }

  /** Calls back, and notices when that is late. */
  #after(delayMs: number, call: () => void): Timer {
    const { clock } = this.#options;
    const dueMs = clock.now() + delayMs;
    return clock.after(delayMs, () => {
      const nowMs = clock.now();
      if (nowMs > dueMs + LATE_MS) this.#lateMs = nowMs;
      call();
    });
  }

  #takeTurns(): void {
    this.#turn = undefined;
    for (let next = this.#due[0]; next !== undefined; next = this.#due[0]) {
      if (isConversation(next.target) && this.#conversations >= MOST_CONVERSATIONS) {
        this.#held.push(this.#due.shift()!);
        continue;
      }
      if (!this.#pace.take(this.#options.clock.now() | 0)) {
        this.#turn = this.#after(TURN_MS, () => this.#takeTurns());
        return;
      }
      this.#due.shift();
      this.#begin(next.probed, next.target);
    }
  }

  #begin(probed: Probed, target: Target): void {
    const { clock, whereIs, lost } = this.#options;
    const where = whereIs(probed.address);
    if (where === "unknown") return this.#later(probed, target, LOOK_MS);
    target.beganMs = clock.now();
    if (where === "failed") return this.#fell(probed, target);
    const { probe, from, to, port, wasSilent } = target;
    const running: Running = {
      beganMs: target.beganMs,
      lostBefore: lost(),
      attempt: undefined,
      timer: undefined,
    };
    this.#running.set(target, running);
    if (isConversation(target)) this.#conversations++;
    const ended = (failure: Failure | undefined) => this.#ended(probed, target, running, failure, false);
    const { cluster, backend: name, address } = probed;
    const way = { from, to, mac: where };
    const question = { probe, way, port, backend: { cluster, name, address }, isAfterSilence: wasSilent };
    running.attempt = KINDS[probe.type](question, this.#means, ended);
    if (this.#running.get(target) !== running) return;
    if (running.attempt === undefined) {
      this.#leave(target);
      return this.#later(probed, target, LOOK_MS);
    }
    this.counts.asked++;
    running.timer = this.#after(probe.timeoutMs, () => this.#expire(probed, target, running));
  }

  #expire(probed: Probed, target: Target, running: Running): void {
    this.#options.catchUp();
    if (this.#running.get(target) !== running) return;
    this.#ended(probed, target, running, running.attempt!.giveUp(), true);
  }

  #ended(
    probed: Probed,
    target: Target,
    running: Running,
    failure: Failure | undefined,
    isSilence: boolean,
  ): void {
    if (this.#running.get(target) !== running) return;
    running.timer?.cancel();
    this.#leave(target);
    target.wasSilent = isSilence;
    const { type } = target.probe;
    if (!isSilence) {
      this.#answeredMs.set(type, Math.max(running.beganMs, this.#answeredMs.get(type) ?? -Infinity));
    }
    if (failure === undefined) {
      target.doubtedMs = Infinity;
      target.judge.succeeded();
    } else this.#failed(target, running, failure);
    this.#plan(probed, target);
    this.#tell(probed);
  }

  #failed(target: Target, running: Running, failure: Failure): void {
    const { clock, lost } = this.#options;
    const wasLate = this.#wasLate(target, running);
    const hasLost = lost() !== running.lostBefore;
    this.counts.failed++;
    if (wasLate || hasLost) this.counts.doubted++;
    target.failure = failure;
    if (!wasLate) {
      target.doubtedMs = Infinity;
      target.judge.failed(hasLost);
    } else {
      if ((this.#answeredMs.get(target.probe.type) ?? -Infinity) > target.doubtedMs) {
        target.judge.failed(hasLost);
      }
      target.doubtedMs = clock.now();
    }
  }

  /** It is not under way any more, and makes room. */
  #leave(target: Target): void {
    this.#running.delete(target);
    if (!isConversation(target)) return;
    this.#conversations--;
    const next = this.#held.shift();
    if (next !== undefined) this.#later(next.probed, next.target, 0);
  }

  /** Since it began. */
  #wasLate({ probe }: Target, { beganMs }: Running): boolean {
    return this.#lateMs >= beganMs || this.#options.clock.now() > beganMs + probe.timeoutMs + LATE_MS;
  }

  /** Its machine does not answer for its own address, so there is nobody to ask. */
  #fell(probed: Probed, target: Target): void {
    target.failure = {
      reason: `it does not answer for its own address ${probed.address}`,
      fault: "backend-down",
    };
    target.doubtedMs = Infinity;
    target.judge.fell();
    this.#plan(probed, target);
    this.#tell(probed);
  }

  #plan(probed: Probed, target: Target): void {
    const { intervalMs } = target.probe;
    const isOpen = target.judge.verdict === "unknown" || target.doubtedMs !== Infinity;
    if (isOpen) return this.#later(probed, target, REPEAT_MS);
    const nextMs = target.beganMs + intervalMs * (1 + JITTER * (this.#random() * 2 - 1));
    this.#later(probed, target, Math.max(0, nextMs - this.#options.clock.now()));
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

function isConversation({ probe }: Target): boolean {
  return CONVERSATIONS.includes(probe.type);
}

function isDown({ judge }: Target): boolean {
  return judge.verdict === "down";
}

/** What is known of the same question: the same probe at the same address and port. */
function adoptTarget(target: Target, known: readonly TargetRecord[]): void {
  const probe = JSON.stringify(target.probe);
  const same = known.find((one) =>
    one.to === target.to && one.port === target.port && JSON.stringify(one.probe) === probe
  );
  if (same === undefined) return;
  target.judge.adopt(same.judge);
  target.failure = same.failure ?? undefined;
}
