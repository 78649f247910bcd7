/**
 * The prediction: which connections a fault may cut. It goes by what was done to the cluster alone, never by what a dispatcher thinks of it, which
 * may be wrong.
 *
 *     what is done                                        may cut
 *     a backend dies, stands still, is slow or cut off,   its own connections, and where the backends choose for themselves
 *     loses its server or its agent                       those of its buckets that stand-ins had meanwhile
 *     a dispatcher dies and no other one knows            those that are elsewhere than the configuration alone would have them:
 *     what it knew                                        what was in transition is forgotten, and what people had decided
 *     the link of a dispatcher is cut or bad              all: it may find everybody dead, and one after the other alive again
 *     of a pair both are active, cut off from each other  those that are elsewhere, as above
 *     another technique                                   those that are elsewhere
 *     a drain, a weight, a reload, an upgrade,            none
 *     a clock that is set, a dispatcher that stands still
 */

import type { Action } from "../action.ts";
import { dispatcherName, dispatchersOf, hasAgents, type Sketch } from "./sketch.ts";

/** Of a connection, as far as it matters here. */
export interface Excusable {
  /** Who answered it. */
  readonly owner: string | undefined;
  /** Who would by the configuration alone. */
  readonly base: string | undefined;
  /** Why it may be cut. */
  excuse: string | undefined;
}

/** After so long undisturbed, the other one of a pair knows all that the active one does. */
const KNOWS_US = 8_000_000;

/** Links with less loss than this bring nobody down. */
const HARMLESS_LOSS = 0.01;

export class Excuses {
  readonly #sketch: Sketch;
  /** Since when each dispatcher was left alone; Infinity while it is not. */
  readonly #untouchedUs: Map<string, number>;
  /** As long as it is so, whoever is elsewhere than the configuration has it may be cut. */
  #isMovable: boolean;
  /** Dispatchers whose file has other weights than at the start. */
  readonly #reloaded = new Set<string>();
  #technique: "route" | "broadcast";
  /** Backends between which not all frames pass. */
  readonly #apart = new Set<string>();

  constructor(sketch: Sketch) {
    this.#sketch = sketch;
    this.#untouchedUs = new Map(
      [...Array(dispatchersOf(sketch)).keys()].map((number) => [dispatcherName(number), 0]),
    );
    this.#technique = sketch.shape === "broadcast" ? "broadcast" : "route";
    this.#isMovable = this.#technique === "broadcast";
  }

  /** Agents may not hear each other, and not know it. */
  get mayBeSplit(): boolean {
    return this.#apart.size > 0;
  }

  /** A connection has been answered. */
  began(one: Excusable): void {
    if (this.#isMovable) this.#excuseMoved([one], "the backends choose for themselves");
  }

  /** Something is done: it may cut some of these. */
  acted(action: Action, atUs: number, all: Iterable<Excusable>): void {
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
        return this.#ofBackend(action.node, action.do, all);
      case "down":
        return excuseOwned(all, action.backend.split("/").at(-1)!, "it was taken down");
      case "cut":
      case "restore":
        return this.#ofLink(action.link, action.do, action.do === "cut", atUs, all);
      case "link": {
        const { loss = 0, reorder = 0, duplicate = 0, corrupt = 0, delayUs = 0 } = action.settings;
        const isBad = loss > HARMLESS_LOSS || corrupt > 0 || reorder > 0 || duplicate > 0 || delayUs > 1000;
        return this.#ofLink(action.link, "bad", isBad, atUs, all);
      }
      case "technique":
        this.#technique = action.technique;
        this.#isMovable = action.technique === "broadcast";
        return this.#excuseMoved(all, "another technique");
      case "reload":
        return this.#reload(action.node ?? "", action.config ?? "");
      default:
        return;
    }
  }

  #reload(node: string, text: string): void {
    if (text.includes("weight")) this.#reloaded.add(node);
    else this.#reloaded.delete(node);
  }

  #touched({ do: what }: Action, node: string, atUs: number, all: Iterable<Excusable>): void {
    if (!this.#untouchedUs.has(node)) return this.#ofBackend(node, what, all);
    const isOver = what === "heal" || what === "restart" || what === "thaw" || what === "slow";
    this.#untouchedUs.set(node, isOver ? atUs : Infinity);
    const other = [...this.#untouchedUs].find(([name]) => name !== node)?.[1];
    // One that is alone loses what it knows only when it dies, and of two the other one knows it, too.
    const isLost = other === undefined
      ? what !== "freeze" && what !== "thaw" && what !== "slow"
      : !this.#sketch.isShared || atUs - other < KNOWS_US;
    if (isLost) this.#excuseMoved(all, `${what} ${node}`);
  }

  #ofBackend(node: string, why: string, all: Iterable<Excusable>): void {
    excuseOwned(all, node, `${why} ${node}`);
    // Where the backends choose, its buckets come back to it with all their connections.
    if (this.#technique === "broadcast") this.#excuseMoved(all, `${why} ${node}`);
  }

  #ofLink(link: string, why: string, isBad: boolean, atUs: number, all: Iterable<Excusable>): void {
    const node = link.split("-")[0]!;
    if (node === "router") return;
    if (isBad) this.#apart.add(node);
    else this.#apart.delete(node);
    if (!this.#untouchedUs.has(node)) return this.#ofBackend(node, `${why} ${link}`, all);
    this.#untouchedUs.set(node, isBad ? Infinity : atUs);
    for (const one of all) one.excuse ??= `${why} ${link}`;
  }

  #excuseMoved(all: Iterable<Excusable>, why: string): void {
    const isEverybody = this.#reloaded.size > 0 ||
      (hasAgents(this.#sketch) && this.#sketch.algorithm === "modulo");
    for (const one of all) {
      if (isEverybody || one.owner !== one.base) one.excuse ??= why;
    }
  }
}

function excuseOwned(all: Iterable<Excusable>, backend: string, why: string): void {
  for (const one of all) if (one.owner === backend) one.excuse ??= why;
}
