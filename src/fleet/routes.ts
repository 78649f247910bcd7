/**
 * The clusters' routes, brought to what they are to be: announced while this dispatcher can serve them, leaving before a planned stop,
 * else withdrawn. BIRD is asked what it has, each second and with each change, and is told where that differs; so it does not matter
 * whether BIRD was restarted, was away for a while, or was told otherwise by somebody else.
 *
 *     wish ───┐
 *     second ─┴─▶ show protocols ── differs? ── enable, disable ── so it is: told to the log
 *                      │
 *                      └── no answer: nothing is known of the routes; told once; again in a second
 *
 * No frame ever waits for this: while BIRD does not answer, its routes stay as they are.
 */

import type { Logger } from "pino";
import type { ClusterConfig, FleetConfig } from "../config/config.ts";
import type { Clock, Timer } from "../system/clock.ts";
import { familiesOf, type Family, protocolsOf, type RouteWish, wishedOf } from "./announcement.ts";
import { Bird } from "./bird.ts";
import { type BirdProtocols, protocolsIn, type Sessions } from "./bird_protocols.ts";

/** Between two questions. */
export const ASK_MS = 1000;

/** What BIRD has of a cluster's routes, as far as it was told. */
export interface RouteState {
  readonly state: RouteWish;
  readonly why: string;
  /** By the clock. */
  readonly sinceMs: number;
}

export interface RouteRecord extends RouteState {
  readonly cluster: string;
  readonly families: readonly Family[];
}

/** Does BIRD answer, and who hears it? */
export interface BirdState {
  readonly socket: string;
  readonly answers: boolean;
  /** Why it does not; empty while it does. */
  readonly why: string;
  readonly sinceMs: number;
  readonly sessions: Sessions;
}

/** What is known, as plain data. */
export interface RoutesRecord {
  readonly bird: BirdState;
  readonly routes: readonly RouteRecord[];
}

export interface RoutesOptions {
  readonly bird: NonNullable<FleetConfig["bird"]>;
  readonly clusters: readonly Pick<ClusterConfig, "name" | "addresses">[];
  readonly clock: Clock;
  readonly log: Logger;
}

interface Route {
  readonly cluster: string;
  readonly families: readonly Family[];
  wish: RouteWish;
  why: string;
  told: RouteState;
  /** BIRD has no protocol of this name. */
  missing: string | undefined;
}

const EVENTS: Readonly<Record<RouteWish, { readonly event: string; readonly message: string }>> = {
  announced: { event: "route.announced", message: "routes are announced" },
  leaving: { event: "route.leaving", message: "routes are announced as leaving" },
  withdrawn: { event: "route.withdrawn", message: "routes are withdrawn" },
};

const NOT_ASKED = "it was not asked yet";

const NO_SESSIONS: Sessions = { established: 0, all: 0 };

export class Routes {
  readonly #options: RoutesOptions;
  readonly #routes: ReadonlyMap<string, Route>;
  /** Of clusters and families that the configuration has no more. */
  #gone: readonly RouteRecord[] = [];
  #bird: Bird | undefined;
  #birdState: BirdState;
  /** The log was told that BIRD does not answer. */
  #isLost = false;
  /** Protocols that BIRD does not have, as the log was told. */
  #missing: readonly string[] = [];
  #timer: Timer | undefined;
  #isStopped = true;
  #isBusy = false;
  #isAskedAgain = false;
  /** Resolves when the turn that is going on, or the next one, has ended. */
  #turn = Promise.withResolvers<void>();

  constructor(options: RoutesOptions) {
    const { bird: { socket }, clusters, clock } = options;
    const sinceMs = clock.now();
    const told: RouteState = { state: "withdrawn", why: "the dispatcher is starting", sinceMs };
    this.#options = options;
    this.#routes = new Map(clusters.map((cluster) => [cluster.name, {
      cluster: cluster.name,
      families: familiesOf(cluster),
      wish: told.state,
      why: told.why,
      told,
      missing: undefined,
    }]));
    this.#birdState = { socket, answers: false, why: NOT_ASKED, sinceMs, sessions: NO_SESSIONS };
  }

  record(): RoutesRecord {
    const routes = [...this.#routes.values()].map(({ cluster, families, told }) => ({
      cluster,
      families,
      ...told,
    }));
    return { bird: this.#birdState, routes };
  }

  /** Takes over what is known by another configuration. */
  adopt({ bird, routes }: RoutesRecord): void {
    if (bird.socket === this.#birdState.socket) this.#birdState = bird;
    this.#isLost = !this.#birdState.answers && this.#birdState.why !== NOT_ASKED;
    for (const { cluster, state, why, sinceMs } of routes) {
      const route = this.#routes.get(cluster);
      if (route !== undefined) Object.assign(route, { wish: state, why, told: { state, why, sinceMs } });
    }
    this.#gone = routes.map((one) => ({
      ...one,
      families: one.families.filter((family) =>
        this.#routes.get(one.cluster)?.families.includes(family) !== true
      ),
    })).filter(({ families }) => families.length > 0);
  }

  /** Begins to bring BIRD to what is wished. */
  start(): void {
    this.#isStopped = false;
    this.#ask();
  }

  /** BIRD keeps what it has. */
  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#bird?.end();
  }

  wish(cluster: string, wish: RouteWish, why: string): void {
    const route = this.#routes.get(cluster)!;
    const isNew = route.wish !== wish;
    route.wish = wish;
    route.why = why;
    if (route.told.state === wish) route.told = { ...route.told, why };
    if (isNew) this.#ask();
  }

  /** For a planned stop: lets routers go over to other dispatchers, and then withdraws. While BIRD does not answer, it does not wait. */
  async leave(why: string): Promise<void> {
    const { bird: { drainMs }, clock } = this.#options;
    const announced = [...this.#routes.values()].filter(({ told }) => told.state === "announced");
    if (drainMs > 0 && announced.length > 0) {
      for (const { cluster } of announced) this.wish(cluster, "leaving", why);
      await this.asked();
      if (!this.#birdState.answers) return;
      await new Promise<void>((resolve) => clock.after(drainMs, resolve));
    }
    await this.withdraw(why);
  }

  /** Resolves when BIRD has none of the routes any more, or does not answer. */
  async withdraw(why: string): Promise<void> {
    for (const cluster of this.#routes.keys()) this.wish(cluster, "withdrawn", why);
    await this.asked();
  }

  /** Resolves when BIRD has what was wished until now, or does not answer. */
  async asked(): Promise<void> {
    if (this.#isStopped) return;
    const isBusy = this.#isBusy;
    this.#ask();
    // The turn that is going on may have begun before.
    if (isBusy) await this.#turn.promise;
    await this.#turn.promise;
  }

  /** `unknown`: BIRD does not answer, or does not have the protocols. */
  stateOf(cluster: string): Omit<RouteState, "state"> & { readonly state: RouteWish | "unknown" } {
    const { answers, why, sinceMs } = this.#birdState;
    const { told, missing } = this.#routes.get(cluster)!;
    if (!answers) return { state: "unknown", why: `BIRD does not answer: ${why}`, sinceMs };
    if (missing !== undefined) return { state: "unknown", why: `BIRD has no protocol ${missing}`, sinceMs };
    return told;
  }

  get bird(): BirdState {
    return this.#birdState;
  }

  /** Now, or after the turn that is going on. */
  #ask(): void {
    if (this.#isStopped) return;
    if (this.#isBusy) return void (this.#isAskedAgain = true);
    this.#timer?.cancel();
    void this.#take();
  }

  async #take(): Promise<void> {
    this.#isBusy = true;
    this.#isAskedAgain = false;
    try {
      await this.#bring();
    } catch (error) {
      if (!this.#isStopped) this.#lost((error as Error).message);
    }
    this.#isBusy = false;
    this.#turn.resolve();
    this.#turn = Promise.withResolvers();
    if (this.#isStopped) return;
    if (this.#isAskedAgain) return this.#ask();
    this.#timer = this.#options.clock.after(ASK_MS, () => this.#ask());
  }

  async #bring(): Promise<void> {
    const { bird: { socket }, clock } = this.#options;
    if (this.#bird === undefined || this.#bird.hasEnded) this.#bird = await Bird.at(socket, clock);
    if (this.#isStopped) return this.#bird.end();
    const found = protocolsIn(await this.#bird.ask("show protocols"));
    const brought: {
      readonly route: Route;
      readonly wish: RouteWish;
      readonly why: string;
      readonly missing: readonly string[];
    }[] = [];
    for (const route of this.#routes.values()) {
      const { wish, why, cluster, families } = route;
      brought.push({ route, wish, why, missing: await this.#bringProtocols(cluster, families, wish, found) });
    }
    for (const { cluster, families } of this.#gone) {
      await this.#bringProtocols(cluster, families, "withdrawn", found);
    }
    this.#answered(found.sessions);
    for (const { route, wish, why, missing } of brought) {
      route.missing = missing[0];
      if (missing.length === 0) this.#tell(route, wish, why);
    }
    this.#tellMissing(brought.flatMap(({ missing }) => missing));
  }

  /** The protocols that BIRD would need and does not have. */
  async #bringProtocols(
    cluster: string,
    families: readonly Family[],
    wish: RouteWish,
    { own }: BirdProtocols,
  ): Promise<string[]> {
    const missing: string[] = [];
    for (const family of families) {
      for (const [protocol, isEnabled] of wishedOf(protocolsOf(cluster, family), wish)) {
        const found = own.get(protocol);
        if (found === undefined) missing.push(protocol);
        else if (found !== isEnabled) {
          await this.#bird!.ask(`${isEnabled ? "enable" : "disable"} "${protocol}"`);
        }
      }
    }
    return missing;
  }

  #tell(route: Route, state: RouteWish, why: string): void {
    if (route.told.state === state) return;
    const { clock, log } = this.#options;
    const wasForMs = Math.round(clock.now() - route.told.sinceMs);
    const { event, message } = EVENTS[state];
    // From a dispatcher that was leaving nobody comes any more.
    const isAlarm = state === "withdrawn" && route.told.state === "announced";
    const about = { event, cluster: route.cluster, reason: why, was: route.told.state, wasForMs };
    route.told = { state, why, sinceMs: clock.now() };
    log[isAlarm ? "warn" : "info"](about, message);
  }

  #answered(sessions: Sessions): void {
    const { clock, log } = this.#options;
    const { socket, answers, sessions: before, sinceMs } = this.#birdState;
    this.#birdState = { socket, answers: true, why: "", sinceMs: answers ? sinceMs : clock.now(), sessions };
    if (this.#isLost) log.info({ event: "bird.back", socket }, "BIRD answers again");
    this.#isLost = false;
    if (!answers || (before.established > 0) === (sessions.established > 0)) return;
    if (sessions.established > 0) log.info({ event: "bird.heard", ...sessions }, "a router hears BIRD again");
    else log.warn({ event: "bird.unheard", ...sessions }, "no router hears BIRD any more");
  }

  #lost(reason: string): void {
    const { clock, log } = this.#options;
    const { socket, answers, sinceMs } = this.#birdState;
    this.#birdState = {
      socket,
      answers: false,
      why: reason,
      sinceMs: answers ? clock.now() : sinceMs,
      sessions: NO_SESSIONS,
    };
    if (!this.#isLost) {
      log.warn({ event: "bird.lost", socket, reason }, "BIRD does not answer: its routes stay as they are");
    }
    this.#isLost = true;
  }

  #tellMissing(missing: readonly string[]): void {
    if (missing.join() === this.#missing.join()) return;
    this.#missing = missing;
    if (missing.length === 0) return;
    const remedy = "add what `oneip router guide` prints for BIRD on this machine";
    this.#options.log.warn({ event: "bird.lacks", protocols: missing, remedy }, "BIRD has no such protocols");
  }
}

/** Before anything is forwarded: what a dispatcher that has died may have left announced is withdrawn, if BIRD answers. */
export async function withdrawLeft(options: RoutesOptions): Promise<void> {
  const routes = new Routes({ ...options, log: options.log.child({}, { level: "silent" }) });
  routes.start();
  await routes.asked();
  routes.stop();
}
