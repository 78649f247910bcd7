/** Which clusters' routes are to be announced, and why (not): while this dispatcher is ready and a cluster has enough live backends. */

import type { Logger } from "pino";
import type { AdministrationState, LivenessBook } from "../cluster/liveness.ts";
import type { ClusterConfig, Config } from "../config/config.ts";
import type { RouteWish } from "../fleet/announcement.ts";
import { type BirdState, Routes, type RoutesRecord, type RouteState } from "../fleet/routes.ts";
import type { Clock } from "../system/clock.ts";

export interface AnnouncingRecord extends RoutesRecord {
  /** What people want of this dispatcher. */
  readonly administration: AdministrationState;
}

export class Announcing {
  readonly #clusters: readonly ClusterConfig[];
  readonly #liveness: LivenessBook;
  readonly #routes: Routes;
  #administration: AdministrationState = "active";
  #isReady = false;
  #hasLeft = false;

  /** Undefined where no BIRD announces the routes. */
  static of(
    { fleet, clusters }: Config,
    liveness: LivenessBook,
    clock: Clock,
    log: Logger,
  ): Announcing | undefined {
    if (fleet?.bird === undefined) return undefined;
    return new Announcing(clusters, liveness, new Routes({ bird: fleet.bird, clusters, clock, log }));
  }

  private constructor(clusters: readonly ClusterConfig[], liveness: LivenessBook, routes: Routes) {
    this.#clusters = clusters;
    this.#liveness = liveness;
    this.#routes = routes;
  }

  record(): AnnouncingRecord {
    return { ...this.#routes.record(), administration: this.#administration };
  }

  adopt({ administration, ...routes }: AnnouncingRecord): void {
    this.#administration = administration;
    this.#routes.adopt(routes);
  }

  start(): void {
    this.#routes.start();
  }

  stop(): void {
    this.#routes.stop();
  }

  /** The workers go by known states: until then the routes stay as they were. */
  ready(): void {
    this.#isReady = !this.#hasLeft;
    this.look();
  }

  /** Something may have changed by which routes are announced. */
  look(): void {
    if (!this.#isReady) return;
    for (const cluster of this.#clusters) {
      const [wish, why] = this.#wishFor(cluster);
      this.#routes.wish(cluster.name, wish, why);
    }
  }

  /** Resolves when BIRD has the routes as people want them, or does not answer. */
  async administer(state: AdministrationState): Promise<void> {
    this.#administration = state;
    this.look();
    await this.#routes.asked();
  }

  /**
   * Resolves when routers send to others, as far as they do what they are told. One that can do its work no more has no time to wait for
   * that.
   */
  leave(hasFailed: boolean): Promise<void> {
    this.#hasLeft = true;
    this.#isReady = false;
    return hasFailed
      ? this.#routes.withdraw("the dispatcher has failed")
      : this.#routes.leave("the dispatcher stops");
  }

  routeOf(cluster: string): Omit<RouteState, "state"> & { readonly state: RouteWish | "unknown" } {
    return this.#routes.stateOf(cluster);
  }

  get administration(): AdministrationState {
    return this.#administration;
  }

  get bird(): BirdState {
    return this.#routes.bird;
  }

  #wishFor({ name, backends, minimum = 1 }: ClusterConfig): [RouteWish, string] {
    if (this.#administration === "down") return ["withdrawn", "by command"];
    const live = backends.filter((backend) => this.#liveness.of(name, backend.name).isLive).length;
    if (live < minimum) return ["withdrawn", `${live} of at least ${minimum} backends are live`];
    if (this.#administration === "draining") return ["leaving", "by command"];
    return ["announced", `${live} of ${backends.length} backends are live`];
  }
}
