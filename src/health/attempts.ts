/**
 * The attempts that are under way, each from its beginning to what has come of it:
 *
 *     begin ──┬── ended ────────────────────────────────────┬── ended
 *             └── time is over ── catch up ── still silent ─┘
 *
 * An answer that waits to be read is not too late: what was heard is read before a time-out counts.
 */

import type { ProbeType } from "../config/health.ts";
import type { Timer } from "../system/clock.ts";
import type { Mac } from "../wire/address.ts";
import type { Attempt, Begin, Failure, Means } from "./attempt.ts";
import type { Asked, Doubt } from "./doubt.ts";
import { execProbe } from "./exec_probe.ts";
import { httpProbe } from "./http_probe.ts";
import { icmpProbe } from "./icmp_probe.ts";
import type { Target } from "./targets.ts";
import { tcpProbe } from "./tcp_probe.ts";
import type { Turn, Turns } from "./turns.ts";
import { dnsProbe, udpProbe } from "./udp_probe.ts";

const KINDS: Readonly<Record<ProbeType, Begin>> = {
  tcp: tcpProbe,
  icmp: icmpProbe,
  http: httpProbe,
  https: httpProbe,
  udp: udpProbe,
  dns: dnsProbe,
  exec: execProbe,
};

/** One that is under way. */
interface Running extends Asked {
  attempt: Attempt | undefined;
  timer: Timer | undefined;
}

export interface AttemptsEvents {
  /** Reads what was heard. */
  catchUp(): void;
  /** How many frames to us have been lost so far that may have been answers. */
  lost(): number;
  /** `failure`: undefined for a success. `isSilence`: it got no answer at all. */
  ended(turn: Turn, asked: Asked, failure: Failure | undefined, isSilence: boolean): void;
}

export class Attempts {
  readonly #means: Means;
  readonly #turns: Turns;
  readonly #doubt: Doubt;
  readonly #events: AttemptsEvents;
  readonly #running = new Map<Target, Running>();

  constructor(means: Means, turns: Turns, doubt: Doubt, events: AttemptsEvents) {
    this.#means = means;
    this.#turns = turns;
    this.#doubt = doubt;
    this.#events = events;
  }

  /** Asks the machine with this MAC, and calls `ended` once, perhaps at once. False when no port is free. */
  begin(turn: Turn, mac: Mac): boolean {
    const { probed: { cluster, backend: name, address }, target } = turn;
    const { probe, from, to, port, wasSilent, beganMs } = target;
    const running: Running = {
      beganMs,
      lostBefore: this.#events.lost(),
      attempt: undefined,
      timer: undefined,
    };
    this.#running.set(target, running);
    this.#turns.began(turn);
    const question = {
      probe,
      way: { from, to, mac },
      port,
      backend: { cluster, name, address },
      isAfterSilence: wasSilent,
    };
    const ended = (failure: Failure | undefined) => this.#end(turn, running, failure, false);
    running.attempt = KINDS[probe.type](question, this.#means, ended);
    if (this.#running.get(target) !== running) return true;
    if (running.attempt === undefined) {
      this.#leave(turn);
      return false;
    }
    running.timer = this.#doubt.after(probe.timeoutMs, () => this.#expire(turn, running));
    return true;
  }

  stop(): void {
    for (const { attempt, timer } of this.#running.values()) {
      timer?.cancel();
      attempt?.giveUp();
    }
    this.#running.clear();
  }

  #expire(turn: Turn, running: Running): void {
    this.#events.catchUp();
    if (this.#running.get(turn.target) !== running) return;
    this.#end(turn, running, running.attempt!.giveUp(), true);
  }

  #end(turn: Turn, running: Running, failure: Failure | undefined, isSilence: boolean): void {
    if (this.#running.get(turn.target) !== running) return;
    running.timer?.cancel();
    this.#leave(turn);
    this.#events.ended(turn, running, failure, isSilence);
  }

  #leave(turn: Turn): void {
    this.#running.delete(turn.target);
    this.#turns.ended(turn);
  }
}
