/**
 * What the service manager that has started this process is told of it (sd_notify(3)): when it is ready, that it is alive, what it
 * does, that it ends, and who goes on in its place. The manager names a socket in the environment; without one nobody is told.
 *
 *     start ── STATUS ── first maps of known states ── READY ── WATCHDOG ... ── RELOADING ── READY ── ... ── STOPPING
 *                                                                                     or, at a takeover ── MAINPID
 */

import type { Logger } from "pino";
import { send } from "../device/handed_descriptors.ts";
import { monotonicMicroseconds } from "../device/monotonic.ts";
import type { Status } from "../engine/status.ts";
import { type Clock, REAL_CLOCK, type Timer } from "../system/clock.ts";
import { Watchdog } from "./watchdog.ts";

/** Changes of this time are told together. */
const GATHER_MS = 1000;

/** What is to be known of a dispatcher. */
export interface Managed {
  readonly live: Promise<void>;
  bursts(): readonly number[];
  status(): Status;
}

export interface ManagerOptions {
  /** Sends it; undefined where nobody listens. */
  readonly tell: ((text: string) => void) | undefined;
  /** Undefined where the manager does not ask for signs of life. */
  readonly watchdogMs?: number | undefined;
  readonly clock?: Clock;
}

export class ServiceManager {
  readonly #tell: ((text: string) => void) | undefined;
  readonly #watchdogMs: number | undefined;
  readonly #clock: Clock;
  #managed: Managed | undefined;
  #isReady = false;
  #watchdog: Watchdog | undefined;
  #gathering: Timer | undefined;
  #isOver = false;

  constructor({ tell, watchdogMs, clock = REAL_CLOCK }: ManagerOptions) {
    this.#tell = tell;
    this.#watchdogMs = watchdogMs;
    this.#clock = clock;
    this.#say("STATUS=Starts");
  }

  /** It forwards. From now on the manager hears of it. */
  follow(managed: Managed): void {
    this.#managed = managed;
    this.#say("STATUS=Forwards, and finds out which backends are up");
    void managed.live.then(() => {
      if (this.#isOver) return;
      this.#isReady = true;
      this.#say("READY=1", this.#status);
    });
    if (this.#tell === undefined || this.#watchdogMs === undefined) return;
    this.#watchdog = new Watchdog({
      clock: this.#clock,
      allowedMs: this.#watchdogMs,
      bursts: () => managed.bursts(),
      feed: () => this.#say("WATCHDOG=1"),
    });
  }

  /** Its state may be another one. */
  changed(): void {
    if (this.#tell === undefined || this.#isOver || !this.#isReady) return;
    this.#gathering ??= this.#clock.after(GATHER_MS, () => {
      this.#gathering = undefined;
      this.#say(this.#status);
    });
  }

  /** A reload, which ends with what `work` resolves with. Before it was ready for the first time, it is starting still. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isReady) this.#say("RELOADING=1", `MONOTONIC_USEC=${monotonicMicroseconds()}`);
    try {
      return await work();
    } finally {
      if (this.#isReady) this.#say("READY=1", this.#status);
    }
  }

  /** It ends. */
  stopping(): void {
    this.#say("STOPPING=1", "STATUS=Stops");
    this.#end();
  }

  /** Another process goes on in its place, which the manager now hears instead. */
  replacedBy(pid: number): void {
    this.#say(`MAINPID=${pid}`);
    this.#end();
  }

  get #status(): string {
    return `STATUS=${describe(this.#managed!.status())}`;
  }

  #say(...lines: readonly string[]): void {
    if (!this.#isOver) this.#tell?.(lines.join("\n"));
  }

  #end(): void {
    this.#isOver = true;
    this.#watchdog?.stop();
    this.#gathering?.cancel();
  }
}

/** The one that the environment names. Programs that this process starts do not inherit it: they cannot speak in its name. */
export function serviceManagerOf(env: Record<string, string | undefined>, log: Logger): ServiceManager {
  const { NOTIFY_SOCKET: path, WATCHDOG_USEC: allowed, WATCHDOG_PID: pid } = env;
  for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete env[name];
  const isForUs = pid === undefined || Number(pid) === process.pid;
  let isDeaf = false;
  return new ServiceManager({
    watchdogMs: isForUs && Number(allowed) > 0 ? Number(allowed) / 1000 : undefined,
    tell: path === undefined ? undefined : (text) => {
      try {
        send(path, text);
        isDeaf = false;
      } catch (error) {
        if (!isDeaf) log.warn({ reason: (error as Error).message }, "the service manager cannot be told");
        isDeaf = true;
      }
    },
  });
}

/** One sentence. */
export function describe({ clusters }: Status): string {
  const backends = clusters.reduce((sum, { backends }) => sum + backends.length, 0);
  const live = clusters.reduce((sum, { live }) => sum + live, 0);
  const inClusters = clusters.length > 1 ? ` in ${clusters.length} clusters` : "";
  const empty = clusters.filter(({ live }) => live === 0).map(({ name }) => name);
  const [first, ...others] = empty;
  const alarm = first === undefined
    ? ""
    : `, none of ${first}${others.length > 0 ? ` and ${others.length} more` : ""}`;
  return `${live} of ${backends} backends live${inClusters}${alarm}`;
}
