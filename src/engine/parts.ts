/**
 * The parts of a dispatcher, and how they are joined. Here nothing begins by itself yet.
 *
 *     data plane   device ── frame ── verdict ──┬── device
 *                                               └── ring ──> inbox                                    (plane/)
 *     control      inbox ──> resolver ──> changes ──> forwarding ── maps ──> standby table ── publish ──> data plane
 *                        ──> prober ──> changes
 *                        ──> conflicts
 *                        ──> verifier
 */

import type { Logger } from "pino";
import { type Health, LivenessBook } from "../cluster/liveness.ts";
import type { Config } from "../config/config.ts";
import { planOf } from "../config/plan.ts";
import { type ProbedHealth, Prober, type Whereabouts } from "../health/prober.ts";
import { Announcer } from "../link/announcer.ts";
import { Conflicts } from "../link/conflicts.ts";
import { Link } from "../link/link.ts";
import { LinkFrames } from "../link/link_frames.ts";
import { NewAddresses } from "../link/new_addresses.ts";
import { OwnMacWatch } from "../link/own_mac_watch.ts";
import { Resolver } from "../link/resolver.ts";
import type { Attachment } from "../plane/attachment.ts";
import { slotSizeFor } from "../plane/data_plane.ts";
import { Publisher } from "../plane/publisher.ts";
import { SharedState } from "../plane/shared_state.ts";
import { type Plan, tableSizeOf } from "../path/plan.ts";
import * as verdict from "../path/verdict.ts";
import type { Clock } from "../system/clock.ts";
import { Verifier } from "../verify/verifier.ts";
import { type Family, Pair } from "../vrrp/pair.ts";
import type { RouterState } from "../vrrp/virtual_router.ts";
import type { Mac } from "../wire/address.ts";
import { Announcing } from "./announcing.ts";
import { Changes } from "./changes.ts";
import { type About, tell, tellPair, tellSplit, tellWentOn } from "./events.ts";
import { Forwarding, type Outcome } from "./forwarding.ts";
import { Inbox } from "./inbox.ts";
import { PeerLink } from "./peer_link.ts";
import type { Surroundings } from "./surroundings.ts";

export class EngineParts {
  readonly config: Config;
  readonly log: Logger;
  readonly surroundings: Required<Surroundings>;
  readonly clock: Clock;
  readonly attachment: Attachment;
  readonly plan: Plan;
  readonly shared: SharedState;
  readonly link: Link;
  readonly liveness: LivenessBook;
  readonly forwarding: Forwarding;
  readonly resolver: Resolver;
  readonly changes: Changes<Outcome>;
  readonly newAddresses: NewAddresses;
  readonly conflicts: Conflicts;
  readonly ownMacWatch: OwnMacWatch;
  readonly prober: Prober;
  readonly verifier: Verifier;
  readonly announcer: Announcer;
  readonly pair: Pair;
  readonly peer: PeerLink | undefined;
  /** Undefined where no BIRD announces the clusters' routes. */
  readonly announcing: Announcing | undefined;
  readonly publisher: Publisher;
  readonly inbox: Inbox;
  /** What else is known of those that have changed. */
  readonly about: About = {
    macOf: (address) => this.macOf(address),
    faultOf: (cluster, backend) => this.prober.faultOf(cluster, backend),
  };
  /** Called when something was found out about backends, or might have been. */
  found: () => void = () => {};
  /** Resolves when the workers use the first table by known states: each backend has its first verdict, or the time for it is over. */
  readonly live: Promise<void>;
  readonly #becomeLive: () => void;
  #isLive = false;
  /** It has had what a pair shares, in any family, since it was last asked. */
  #heldAny = false;

  /** `taken`: an address of the dispatcher's own proves taken, so it must not go on. */
  constructor(
    config: Config,
    log: Logger,
    surroundings: Required<Surroundings>,
    taken: (error: Error) => void,
  ) {
    const { dispatcher, clusters } = config;
    const { attachment, clock, random } = surroundings;
    const { promise: live, resolve: becomeLive } = Promise.withResolvers<void>();
    this.live = live;
    this.#becomeLive = becomeLive;
    void live.then(() => this.#isLive = true);
    const planned = planOf(config);
    const { plan, neighbors } = planned;
    this.config = config;
    this.log = log;
    this.surroundings = surroundings;
    this.clock = clock;
    this.attachment = attachment;
    this.plan = { ...plan, offloads: attachment.hasVirtioHeader };
    this.shared = new SharedState({
      ...tableSizeOf(plan),
      connections: clusters.map(({ transition }) => transition.connections),
      slotSize: slotSizeFor({ mtu: dispatcher.mtu, offloads: attachment.hasVirtioHeader }),
      workers: attachment.queues,
    });
    const frames = new LinkFrames(dispatcher);
    this.link = new Link(attachment, frames, config, (address) => this.pair.holds(address));
    const own = {
      send: (frame: Uint8Array<ArrayBuffer>) => this.link.send(frame),
      catchUp: () => this.inbox.drainAll(),
    };
    const lost = () => attachment.lost() + this.shared.verdicts()[verdict.DROP_RING_FULL]!;
    this.prober = new Prober({
      ...own,
      config,
      clock,
      random,
      log,
      lost,
      openPorts: this.shared.openPorts,
      whereIs: (address) => this.#whereIs(address),
      changed: (cluster, backend, health) => this.#probed(cluster, backend, health),
    });
    this.liveness = new LivenessBook(
      clusters,
      clock,
      (cluster, { name }) => this.prober.isProbed(cluster.name, name),
    );
    this.forwarding = new Forwarding(config, planned, this.liveness, this.shared.transitions, clock, {
      publish: () => this.publish(),
      ended: ({ name, backends }, { backends: some, buckets, cut, lastedMs }) =>
        log.info({
          event: "transition.ended",
          cluster: name,
          backends: some.map((index) => backends[index]!.name),
          buckets,
          cut,
          lastedMs: Math.round(lastedMs),
        }, "transition ended"),
    });
    this.resolver = new Resolver(frames, neighbors, clock, {
      ...own,
      sendKept: ({ worker, frame }, mac) => this.link.sendKept(worker, frame, mac),
      changed: (neighbor, isAwaited) => this.changes.addNeighbor(neighbor, isAwaited),
      lost,
    });
    this.changes = new Changes(clock, {
      compute: (neighbors) => this.forwarding.update(neighbors, this.resolver.neighbors),
      computed: (outcome) => this.#computed(outcome),
      nextMs: () => this.liveness.nextMs,
    });
    this.newAddresses = new NewAddresses(dispatcher, own, clock);
    this.conflicts = new Conflicts({
      config,
      clock,
      log,
      backendAt: (mac) => this.forwarding.backendAt(mac, this.resolver.neighbors),
      defend: (address) => this.#defend(address),
      taken,
    });
    this.ownMacWatch = new OwnMacWatch(
      dispatcher.mac,
      clock,
      log,
      () => this.shared.verdicts()[verdict.DROP_SOURCE_MAC]!,
    );
    this.verifier = new Verifier(config, frames, own, clock, random, log);
    this.announcer = new Announcer(
      dispatcher.announce,
      clock,
      () => this.link.announce((cluster) => this.forwarding.techniques.isBroadcast(cluster)),
    );
    const { standIn } = this.shared;
    this.pair = new Pair(config, clock, {
      catchUp: own.catchUp,
      advertise: (frame) => this.link.send(frame),
      entrust: (family, frame, { intervalMs, silenceMs }) =>
        standIn.said(family === "IPv6", this.link.whole(frame), attachment.now() | 0, intervalMs, silenceMs),
      leave: (family, frame) => {
        standIn.silence(family === "IPv6");
        this.link.send(frame);
      },
      standInMs: (family) => clock.now() - standIn.silentMs(family === "IPv6", attachment.now() | 0),
      mayPreempt: () => this.#isLive,
      changed: (family, was) => this.#pairChanged(family, was),
      split: (family, other) => tellSplit(log, family, other),
    });
    this.peer = PeerLink.of(this, {
      ...surroundings,
      send: own.send,
      macOf: (address) => this.macOf(address),
    });
    this.announcing = Announcing.of(config, this.liveness, clock, log);
    void live.then(() => this.announcing?.ready());
    this.publisher = new Publisher(
      this.shared,
      () => attachment.wake(),
      (table) => {
        this.forwarding.fill(table, this.resolver.neighbors);
        this.pair.fill(table);
        attachment.publish(this.shared, table);
      },
    );
    this.inbox = new Inbox(this.shared, this.link, frames, {
      resolver: this.resolver,
      newAddresses: this.newAddresses,
      conflicts: this.conflicts,
      prober: this.prober,
      verifier: this.verifier,
      pair: this.pair,
      peer: this.peer,
    });
  }

  /** The kernel takes its share by this plan, or leaves that of an engine before. Then come the workers. */
  startKernel(): void {
    this.attachment.startKernel(this.plan, this.shared, this.config.dispatcher.fastPath);
  }

  /** Workers begin, or those of an engine before go on by this plan and memory. */
  startWorkers(): void {
    this.attachment.start(this.plan, this.shared, (worker) => this.inbox.drain(worker));
  }

  /** Brings the table to the workers; resolves when all of them use it. */
  async publish(): Promise<void> {
    await this.publisher.publish();
    await this.shared.settled();
  }

  /** A table has been computed by what is known now. */
  computed(): void {
    if (this.liveness.isStarting) return;
    void this.publisher.published().then(() => this.shared.settled()).then(this.#becomeLive);
  }

  healthChanged(cluster: string, backend: string, health: Health): void {
    this.liveness.healthChanged(cluster, backend, health);
    void this.changes.add();
  }

  macOf(address: string): Mac | undefined {
    return this.resolver.neighbors.mac(this.forwarding.neighborOf(address));
  }

  /** Nothing happens by itself any more. */
  rest(): void {
    this.pair.rest();
    this.peer?.stop();
    this.ownMacWatch.stop();
    this.resolver.stop();
    this.changes.stop();
    this.forwarding.transitions.stop();
    this.announcer.stop();
    this.announcing?.stop();
    this.prober.stop();
    this.verifier.stop();
    this.publisher.stop();
  }

  /** What the other one did until now is done on; what is known here otherwise changes it like anything that is new. */
  #goOnByPeer(): void {
    const known = this.peer?.known();
    if (known === undefined) return;
    this.forwarding.goOnBy(known);
    void this.changes.add();
    tellWentOn(this.log, this.peer!.address, known, this.forwarding.transitions);
  }

  /** The workers follow first, so that what the link is told holds. */
  #pairChanged(family: Family, was: RouterState): void {
    const status = this.pair.status()!.families.find((one) => one.family === family)!;
    if (status.state !== "active") this.shared.standIn.silence(family === "IPv6");
    tellPair(this.log, status, was);
    if (this.pair.holdsAny && !this.#heldAny) this.#goOnByPeer();
    this.#heldAny = this.pair.holdsAny;
    const published = this.publish();
    if (status.forwards) void published.then(() => this.announcer.start());
  }

  #whereIs(address: string): Whereabouts {
    const { neighbors } = this.resolver;
    const neighbor = this.forwarding.neighborOf(address);
    const mac = neighbors.mac(neighbor);
    if (mac !== undefined) return mac;
    return neighbors.state(neighbor) === "failed" ? "failed" : "unknown";
  }

  #probed(cluster: string, backend: string, health: ProbedHealth): void {
    const { address, fault } = health;
    this.healthChanged(cluster, backend, health);
    // Where verification looks for such a fault, it finds what mends it.
    const isToBeVerified = fault !== null && fault !== "backend-down" &&
      this.config.dispatcher.verify !== "off";
    if (isToBeVerified) void this.verifier.appeared(address);
  }

  #defend(address: string): void {
    const { gateways, routes } = this.config.dispatcher;
    const routers = new Set([...gateways, ...routes.map(({ via }) => via)]);
    const macs = [...routers].flatMap((router) => this.macOf(router) ?? []);
    this.link.defend(address, (cluster) => this.forwarding.techniques.isBroadcast(cluster), macs);
  }

  #computed(outcome: Outcome): void {
    const { neighbors, maps, hasTransitions } = outcome;
    if (neighbors.length > 0 || maps.length > 0 || hasTransitions) void this.publisher.publish();
    if (maps.length > 0 || hasTransitions) this.peer?.changed();
    this.computed();
    this.announcing?.look();
    tell(this.log, outcome, this.about);
    this.found();
    if (this.config.dispatcher.verify !== "off") {
      for (const { address, mac, backends } of neighbors) {
        if (mac !== undefined && backends.length > 0) void this.verifier.appeared(address);
      }
    }
  }
}
