/**
 * Asks a cluster address again and again, as its clients do, and keeps the tally. No request waits for the one before, so a cluster
 * that is silent for a while is seen as it is seen by clients that come in that time.
 */

import { UsageError } from "../input/errors.ts";
import { type Clock, REAL_CLOCK, type Timer } from "../system/clock.ts";
import { parseIp } from "../wire/address.ts";
import type { Judgement } from "./answer.ts";
import { ask, requireOwn } from "./ask.ts";
import { type Probed, type Summary, Tally } from "./tally.ts";
import { formatTarget, parseTarget, type Target } from "./target.ts";

/** Whom a watch asks, how often, and for how long. */
export interface WatchOptions {
  /** Clients' addresses, which must be this machine's: one after another. Default: the machine chooses. */
  readonly from?: readonly string[];
  /** That names the backend. Default: X-Backend. */
  readonly header?: string;
  /** Between two requests. Default: 100. */
  readonly intervalMs?: number;
  /** After which one is given up. Default: 5000. */
  readonly timeoutMs?: number;
  /** It ends by itself after so many requests, or so much time. */
  readonly count?: number;
  readonly forMs?: number;
  /** Hears of each request that has ended. */
  readonly probed?: (probed: Probed) => void;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

export const INTERVAL_MS = 100;
export const TIMEOUT_MS = 5000;
export const HEADER = "X-Backend";

/** Requests under way at one time; each holds a socket. */
const MOST_AT_ONCE = 500;
const MOST_CLIENTS = 1000;

/**
 * Watches `ADDRESS:PORT`, `[IPv6]:PORT` or `http://ADDRESS[:PORT]/PATH` from this machine, until it is stopped. Throws UsageError for
 * another target, and for a client's address that this machine does not have.
 */
export async function watch(target: string, options: WatchOptions = {}): Promise<Watch> {
  const parsed = parseTarget(target);
  const clients = (options.from ?? []).map((text) => {
    const client = parseIp(text);
    if (client !== undefined && client.includes(":") === parsed.address.includes(":")) return client;
    throw new UsageError(`"${text}" cannot send to ${parsed.address}; give an address of the same family`);
  });
  if (clients.length > MOST_CLIENTS) {
    throw new UsageError(`${clients.length} addresses are too many; give at most ${MOST_CLIENTS}`);
  }
  for (const client of clients) await requireOwn(client);
  return new Watch(parsed, clients, options);
}

/** One under way. It may be awaited by its `ended`. */
export class Watch {
  /** Resolves when it has ended, by itself or stopped, and each of its requests has. */
  readonly ended: Promise<Summary>;
  readonly #target: Target;
  readonly #clients: readonly (string | null)[];
  readonly #options: WatchOptions;
  readonly #clock: Clock;
  readonly #tally: Tally;
  readonly #end: (summary: Summary) => void;
  readonly #endMs: number;
  #nextMs: number;
  #sent = 0;
  #underWay = 0;
  #timer: Timer | undefined;
  #isStopping = false;

  constructor(target: Target, clients: readonly string[], options: WatchOptions) {
    const { clock = REAL_CLOCK, forMs = Infinity } = options;
    const { promise, resolve } = Promise.withResolvers<Summary>();
    this.ended = promise;
    this.#end = resolve;
    this.#target = target;
    this.#clients = clients.length === 0 ? [null] : clients;
    this.#options = options;
    this.#clock = clock;
    this.#tally = new Tally(formatTarget(target), clock);
    this.#nextMs = clock.now();
    this.#endMs = this.#nextMs + forMs;
    this.#turn();
  }

  /** What has come of the requests until now. */
  summary(): Summary {
    return this.#tally.summary();
  }

  /** Begins no further request, and waits for those under way. */
  stop(): Promise<Summary> {
    this.#isStopping = true;
    this.#timer?.cancel();
    this.#settle();
    return this.ended;
  }

  #turn(): void {
    const { intervalMs = INTERVAL_MS, count = Infinity } = this.#options;
    const nowMs = this.#clock.now();
    if (this.#sent >= count || nowMs >= this.#endMs) return void this.stop();
    if (this.#underWay < MOST_AT_ONCE) this.#begin(nowMs - this.#nextMs);
    else this.#tally.unsent();
    // What was missed is not made up for: a burst is not what a client would do.
    this.#nextMs = Math.max(this.#nextMs + intervalMs, nowMs);
    this.#timer = this.#clock.after(this.#nextMs - nowMs, () => this.#turn());
  }

  #begin(lateMs: number): void {
    const { header = HEADER, timeoutMs = TIMEOUT_MS } = this.#options;
    const client = this.#clients[this.#sent % this.#clients.length]!;
    const beganMs = this.#clock.now();
    const at = new Date(this.#clock.sinceEpoch()).toISOString();
    this.#sent++;
    this.#underWay++;
    this.#tally.sent(lateMs);
    const ended = (judgement: Judgement) => {
      limit.cancel();
      this.#underWay--;
      const ms = Math.round((this.#clock.now() - beganMs) * 1000) / 1000;
      const failure = "failure" in judgement ? judgement.failure : null;
      const probed = { at, client, backend: "backend" in judgement ? judgement.backend : null, ms, failure };
      this.#tally.ended(probed);
      this.#options.probed?.(probed);
      this.#settle();
    };
    const giveUp = ask({ target: this.#target, client, header }, ended);
    const limit = this.#clock.after(timeoutMs, () => ended({ failure: `${giveUp()} in ${timeoutMs} ms` }));
  }

  #settle(): void {
    if (this.#isStopping && this.#underWay === 0) this.#end(this.summary());
  }
}
