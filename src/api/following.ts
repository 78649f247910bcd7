/** A dispatcher at work that follows its fleet: what its view (fleet/etcd/view.ts) reads it goes by, and what it finds the view writes down. */

import type { Logger } from "pino";
import type { Config, EtcdConfig } from "../config/config.ts";
import type { Wanted } from "../engine/decide.ts";
import type { BackendStatus } from "../engine/status.ts";
import { RefusedError, UnreachableError } from "../fleet/etcd/etcd.ts";
import { nameIn, type Opened, openEtcd } from "../fleet/etcd/open.ts";
import type { Post } from "../fleet/etcd/post.ts";
import type { SharedText } from "../fleet/etcd/snapshot.ts";
import { type News, View, type ViewStatus } from "../fleet/etcd/view.ts";
import { UsageError } from "../input/errors.ts";
import type { Clock } from "../system/clock.ts";
import { formatMac } from "../wire/address.ts";
import type { EtcdKnown } from "./etcd_status.ts";
import type { Running } from "./running.ts";

/** What it tells the log, and whether that is an alarm. */
const TOLD = {
  agreed: { event: "fleet.agreed", message: "this dispatcher goes by the word of its fleet", isAlarm: false },
  alone: {
    event: "fleet.alone",
    message: "this dispatcher is alone, and goes by what it finds itself",
    isAlarm: true,
  },
  behind: { event: "fleet.behind", message: "etcd is behind", isAlarm: true },
  nonsense: {
    event: "fleet.nonsense",
    message: "values in etcd are not what they should be, and do not count",
    isAlarm: true,
  },
} as const satisfies Record<News["kind"], object>;

interface Followed {
  /** By which it is open. */
  readonly config: EtcdConfig;
  readonly opened: Opened;
  readonly view: View;
}

export class Following {
  readonly #running: Running;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #by: Post | undefined;
  #followed: Followed | undefined;

  /** `by`: another way to etcd than the network. */
  constructor(running: Running, log: Logger, clock: Clock, by?: Post) {
    this.#running = running;
    this.#log = log;
    this.#clock = clock;
    this.#by = by;
    running.whenFound(() => this.#followed?.view.found());
  }

  /** From now on by this configuration, which may have no etcd. `shared`: what it runs by already. */
  follow({ fleet, dispatcher }: Config, shared: SharedText | undefined): void {
    const config = fleet?.etcd;
    const before = this.#followed;
    if (before !== undefined && JSON.stringify(before.config) === JSON.stringify(config)) return;
    this.#followed = undefined;
    if (before !== undefined) void end(before);
    if (config === undefined) return;
    try {
      const opened = openEtcd(config, this.#clock, this.#by);
      const self = { name: nameIn(config), mac: formatMac(dispatcher.mac.high, dispatcher.mac.low) };
      const running = this.#running;
      const view = new View(opened.etcd, opened.keys, self, this.#clock, {
        finding: () => running.finding(),
        adopt: (next) => running.adopt(next),
        agree: (agreement) => running.agree(agreement),
        told: (news) => this.#tell(news),
      }, before === undefined ? shared : before.view.adopted);
      this.#followed = { config, opened, view };
      view.start();
    } catch (error) {
      this.#tell({ kind: "alone", reason: (error as Error).message });
    }
  }

  /** Null: it has no fleet in etcd. */
  status(): ViewStatus | null {
    return this.#followed?.view.status() ?? null;
  }

  /** With what it has done so far. */
  known(): EtcdKnown | null {
    if (this.#followed === undefined) return null;
    const { view, opened } = this.#followed;
    return { status: view.status(), counts: { ...view.counts, requests: opened.etcd.requests } };
  }

  /**
   * Writes down what people decide of a backend, so that all dispatchers go by it. Resolves with its status when this one does; undefined
   * without a fleet. Throws UsageError, and changes nothing, when there is none of this name, or etcd does not take it.
   */
  async decide(backend: string, wanted: Wanted): Promise<BackendStatus | undefined> {
    if (this.#followed === undefined) return undefined;
    const of = this.#running.decisionOf(backend, wanted);
    try {
      await this.#followed.view.decide(of, (before) => this.#running.decisionOf(backend, wanted, before));
    } catch (error) {
      if (!(error instanceof UnreachableError || error instanceof RefusedError)) throw error;
      throw new UsageError(
        `It must be written down in etcd for all dispatchers, and was not, so nothing was changed: ${error.message}`,
      );
    }
    return await this.#running.settled(backend);
  }

  /** `isReplaced`: another process goes on, and has taken its place in etcd. */
  async stop(isReplaced: boolean): Promise<void> {
    const followed = this.#followed;
    this.#followed = undefined;
    if (followed === undefined) return;
    if (isReplaced) {
      followed.view.stop();
      followed.opened.close();
    } else await end(followed);
  }

  #tell({ kind, ...about }: News): void {
    const { event, message, isAlarm } = TOLD[kind];
    this.#log[isAlarm ? "warn" : "info"]({ event, ...about }, message);
  }
}

async function end({ view, opened }: Followed): Promise<void> {
  await view.leave();
  opened.close();
}
