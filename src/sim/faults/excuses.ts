/**
 * The prediction: which connections a fault may cut. It goes by what was done to the cluster alone, never by what a dispatcher thinks of it, which
 * may be wrong.
 *
 *     what is done                                        may cut
 *     a backend dies, stands still, is slow or cut off,   its own connections, and where the backends choose for themselves
 *     loses its server or its agent                       those of its buckets that stand-ins had meanwhile
 *     a dispatcher dies that is alone                     those that are elsewhere than the configuration alone would have them:
 *                                                         what was in transition is forgotten, and what people had decided
 *     one of a pair, and the other one was not told       all: it takes new ones in a bucket in transition for old ones
 *     the link of a dispatcher is cut or bad, or the one  all: it may find everybody dead, and one after the other alive again
 *     between two switches
 *     another technique, or a fallback in place of a      those that are elsewhere; all while people want a backend otherwise
 *     dispatcher that is gone                             than the configuration has it, of which agents know nothing
 *     a drain, a weight, a reload, an upgrade,            none
 *     a clock that is set or goes wrong, an etcd that is
 *     gone, a dispatcher that stands still
 */

import type { Action } from "../action.ts";
import {
  BETWEEN,
  dispatcherName,
  dispatchersOf,
  hasAgents,
  isBroadcast,
  isPair,
  type Sketch,
} from "./sketch.ts";

/** Of a connection, as far as it matters here. */
export interface Excusable {
  /** Who answered it. */
  readonly owner: string | undefined;
  /** Who would by the configuration alone. */
  readonly base: string | undefined;
  /** Why it may be cut. */
  excuse: string | undefined;
}

/** One of the two switches: its link to the other one is as the link of each dispatcher. */
const SWITCH = BETWEEN.split("-")[0]!;

/** After so long undisturbed, the other one of a pair knows all that the active one does. */
const KNOWS_US = 8_000_000;

/** A link that delays frames for longer is a bad one. */
const LATE_US = 10_000;

/** What has waited for one that stood still has come by then. */
const HELD_US = 2_000_000;

/** Heartbeats until agents that hear each other again have let go of what both took. */
const BEATS_TO_MEET = 8;

/** So long after it is over, what was done to a machine may still bring it down: questions are under way. */
const WEAK_US = 10_000_000;

/**
 * An nft that was under way when its machine stood still gives the kernel a lease when the machine goes on. Then the agent lets go, for which
 * nft may take its time once more.
 */
const LET_GO_US = 450_000;

/** An nft that nobody kills any more may take so long, and the lease begins only then: filter/agent/agent.ts does not cover that. */
const SLOW_NFT_US = 400_000;
const LEASE_BEATS = 2.5;

/** Something that is done to a machine or its link, until when: Infinity while it lasts. */
interface Wound {
  readonly node: string;
  readonly untilUs: number;
}

export class Excuses {
  readonly #sketch: Sketch;
  readonly #dispatchers: readonly string[];
  /** By machine, and by link: two may be on one machine at a time. */
  readonly #ofMachines = new Map<string, Wound>();
  readonly #ofLinks = new Map<string, Wound>();
  /** As long as it is so, whoever is elsewhere than the configuration has it may be cut. */
  #isMovable: boolean;
  /** Dispatchers whose file has other weights than at the start. */
  readonly #reloaded = new Set<string>();
  #technique: "route" | "broadcast";
  readonly #dead = new Set<string>();
  readonly #frozen = new Set<string>();
  #thawedUs = -Infinity;
  /** Whose nft was under way when it was cut short: until when two may have what it has. */
  readonly #cutShort = new Map<string, number>();
  readonly #isFiltering: (backend: string) => boolean;
  /** Backends that people want otherwise than the configuration says, of which agents know nothing. */
  readonly #commanded = new Set<string>();

  /** `isFiltering`: an nft is under way there. */
  constructor(sketch: Sketch, isFiltering: (backend: string) => boolean) {
    this.#sketch = sketch;
    this.#isFiltering = isFiltering;
    this.#dispatchers = [...Array(dispatchersOf(sketch)).keys()].map(dispatcherName);
    this.#technique = isBroadcast(sketch) ? "broadcast" : "route";
    this.#isMovable = this.#technique === "broadcast";
  }

  /** Agents may not hear each other, or have only just begun to. */
  mayBeSplit(atUs: number): boolean {
    const meetUs = BEATS_TO_MEET * this.#sketch.beatMs * 1000;
    return [...this.#ofLinks.values()].some(({ node, untilUs }) =>
      !this.#dispatchers.includes(node) && untilUs + meetUs > atUs
    );
  }

  /** This one's nft was under way when its agent or its machine stood still, so that its lease began late. */
  mayLetGoLate(backend: string, atUs: number): boolean {
    return atUs < (this.#cutShort.get(backend) ?? -Infinity);
  }

  /** A SYN may be on its way for long, and the next one with it, because a dispatcher stands still, or did so a moment ago. */
  mayHold(atUs: number): boolean {
    return this.#frozen.size > 0 || atUs - this.#thawedUs < HELD_US;
  }

  /** Something was done to this backend, or to the link of this dispatcher, for which the one may find the other dead. */
  mayFall(backend: string, dispatcher: string, atUs: number): boolean {
    return [...this.#ofMachines.values()].some((wound) => wound.node === backend && isFresh(wound, atUs)) ||
      [...this.#ofLinks.values()].some((wound) =>
        (wound.node === backend || this.#isJudging(wound.node, dispatcher)) && isFresh(wound, atUs)
      );
  }

  /** Does a dispatcher go by what one finds over this one's link? Of a fleet all go by what most of them find. */
  #isJudging(node: string, dispatcher: string): boolean {
    if (node === dispatcher || node === SWITCH) return true;
    return this.#sketch.shape === "fleet" && this.#dispatchers.includes(node);
  }

  /** A connection has been answered. */
  began(one: Excusable, atUs: number): void {
    if (this.#isMovable) this.#excuseMoved([one], "the backends choose for themselves");
    const weakened = one.owner !== undefined &&
      this.#dispatchers.some((dispatcher) => this.mayFall(one.owner!, dispatcher, atUs));
    if (weakened) one.excuse ??= "somebody was weak when it began";
  }

  /** Something is done: it may cut some of these. */
  acted(action: Action, atUs: number, all: Iterable<Excusable>): void {
    if (action.do === "kill") this.#dead.add(action.node);
    if (action.do === "heal") this.#dead.delete(action.node);
    if (action.do === "freeze" && this.#dispatchers.includes(action.node)) this.#frozen.add(action.node);
    if (action.do === "thaw" && this.#frozen.has(action.node)) {
      this.#frozen.delete(action.node);
      this.#thawedUs = atUs;
    }
    this.#noteCutShort(action, atUs);
    this.#noteCommand(action);
    switch (action.do) {
      case "kill":
      case "heal":
      case "restart":
      case "stop":
      case "freeze":
      case "thaw":
      case "slow":
        return this.#touched(action, action.node, atUs, all);
      case "server":
      case "kill-agent":
      case "stop-agent":
      case "start-agent":
      case "freeze-agent":
      case "thaw-agent":
        return this.#ofBackend(action.node, isEnd(action), atUs, action.do, all);
      case "down":
        return excuseOwned(all, action.backend.split("/").at(-1)!, "it was taken down");
      case "cut":
      case "restore":
        return this.#ofLink(action.link, action.do, action.do === "cut", atUs, all);
      case "link": {
        // Nobody is found dead, and no connection cut, by frames that come twice, in another order, or a little later.
        const { loss = 0, corrupt = 0, delayUs = 0 } = action.settings;
        const isBad = loss > 0 || corrupt > 0 || delayUs > LATE_US;
        const wasBad = this.#ofLinks.get(action.link)?.untilUs === Infinity;
        if (isBad || wasBad) this.#ofLink(action.link, "bad", isBad, atUs, all);
        return;
      }
      case "technique":
        this.#technique = action.technique;
        return this.#choosersChange(action.technique === "broadcast", "another technique", all);
      case "reload":
        return this.#reload(action.node ?? "", action.config ?? "");
      default:
        return;
    }
  }

  /** What was told to `acted` was refused. */
  refused(action: Action): void {
    if (action.do === "undrain" || action.do === "weight") this.#commanded.add(action.backend);
    if (action.do !== "technique") return;
    this.#technique = action.technique === "route" ? "broadcast" : "route";
    this.#isMovable = true; // Until the next one, or until its dispatcher is back.
  }

  #noteCutShort(action: Action, atUs: number): void {
    const cutShort = this.#cutShort;
    if (action.do === "thaw") {
      if (cutShort.has(action.node)) cutShort.set(action.node, atUs + LET_GO_US);
    } else if (action.do === "freeze") {
      if (this.#isFiltering(action.node)) cutShort.set(action.node, Infinity);
    } else if (action.do === "freeze-agent" || action.do === "kill-agent") {
      if (!this.#isFiltering(action.node)) return;
      cutShort.set(action.node, atUs + SLOW_NFT_US + LEASE_BEATS * this.#sketch.beatMs * 1000);
    }
  }

  #noteCommand(action: Action): void {
    if (action.do === "drain" || action.do === "down") this.#commanded.add(action.backend);
    if (action.do === "undrain") this.#commanded.delete(action.backend);
    if (action.do !== "weight") return;
    if (action.weight === 1) this.#commanded.delete(action.backend);
    else this.#commanded.add(action.backend);
  }

  /** From now on the backends choose for themselves, by the configuration alone, or the dispatcher does. */
  #choosersChange(areBackends: boolean, why: string, all: Iterable<Excusable>): void {
    this.#isMovable = areBackends;
    this.#excuseMoved(all, why);
  }

  #reload(node: string, text: string): void {
    if (text.includes("weight")) this.#reloaded.add(node);
    else this.#reloaded.delete(node);
  }

  #touched(action: Action, node: string, atUs: number, all: Iterable<Excusable>): void {
    const { do: what } = action;
    if (!this.#dispatchers.includes(node)) return this.#ofBackend(node, isEnd(action), atUs, what, all);
    // One that is dead or stands still is told in vain.
    if (what === "restart" && (this.#dead.has(node) || this.#frozen.has(node))) return;
    this.#ofMachines.set(node, { node, untilUs: isEnd(action) || what === "restart" ? atUs : Infinity });
    const other = isPair(this.#sketch) ? this.#dispatchers.find((name) => name !== node) : undefined;
    // While it is gone the backends' fallback answers in its place.
    if (this.#sketch.shape === "switching") {
      const isGone = this.#leftAloneUs(node) === Infinity && what !== "slow";
      return this.#choosersChange(isGone || this.#technique === "broadcast", `${what} ${node}`, all);
    }
    // One that is alone loses what it knows only when it dies, and of two the other one knows it, too.
    const isLost = other === undefined
      ? what !== "freeze" && what !== "thaw" && what !== "slow"
      : !this.#sketch.isShared ||
        atUs - this.#leftAloneUs(other) < KNOWS_US;
    if (!isLost) return;
    if (other === undefined) return this.#excuseMoved(all, `${what} ${node}`);
    // Of a bucket in transition it takes new connections for old ones.
    for (const one of all) one.excuse ??= `${what} ${node}`;
  }

  /** Since when nothing has been done to it; Infinity while something is. */
  #leftAloneUs(node: string): number {
    const wounds = [...this.#ofMachines.values(), ...this.#ofLinks.values()].filter((wound) =>
      wound.node === node || wound.node === SWITCH
    );
    return Math.max(0, ...wounds.map(({ untilUs }) => untilUs));
  }

  #ofBackend(node: string, isOver: boolean, atUs: number, why: string, all: Iterable<Excusable>): void {
    this.#ofMachines.set(node, { node, untilUs: isOver ? atUs : Infinity });
    this.#excuseBackend(node, why, all);
  }

  #excuseBackend(node: string, why: string, all: Iterable<Excusable>): void {
    excuseOwned(all, node, `${why} ${node}`);
    // Where the backends choose, its buckets come back to it with all their connections.
    if (this.#isMovable) this.#excuseMoved(all, `${why} ${node}`);
  }

  #ofLink(link: string, why: string, isBad: boolean, atUs: number, all: Iterable<Excusable>): void {
    const node = link.split("-")[0]!;
    if (node.startsWith("router")) return;
    this.#ofLinks.set(link, { node, untilUs: isBad ? Infinity : atUs });
    const isOfBackend = node !== SWITCH && !this.#dispatchers.includes(node);
    if (isOfBackend) return this.#excuseBackend(node, `${why} ${link}`, all);
    for (const one of all) one.excuse ??= `${why} ${link}`;
  }

  #excuseMoved(all: Iterable<Excusable>, why: string): void {
    const isEverybody = this.#reloaded.size > 0 || (hasAgents(this.#sketch) && this.#commanded.size > 0) ||
      (hasAgents(this.#sketch) && this.#sketch.algorithm === "modulo");
    for (const one of all) {
      if (isEverybody || one.owner !== one.base) one.excuse ??= why;
    }
  }
}

function isFresh({ untilUs }: Wound, atUs: number): boolean {
  return untilUs + WEAK_US > atUs;
}

/** What was done to a machine is over. */
function isEnd(action: Action): boolean {
  return action.do === "heal" || action.do === "thaw" || action.do === "start-agent" ||
    action.do === "thaw-agent" ||
    (action.do === "slow" && action.ms === 0) || (action.do === "server" && action.isOpen);
}

function excuseOwned(all: Iterable<Excusable>, backend: string, why: string): void {
  for (const one of all) if (one.owner === backend) one.excuse ??= why;
}
