/**
 * Finds out who is where: asks for the neighbors' MACs in time, learns from the answers, and keeps the frames that came
 * before the first answer. The rules are table/neighbors.ts, the frames link_frames.ts; here is the waiting.
 */

import type { Clock, Timer } from "../system/clock.ts";
import type { Mac } from "../wire/address.ts";
import { Neighbors } from "../table/neighbors.ts";
import type { ExchangeEvents } from "./exchange.ts";
import type { Claim } from "./claim.ts";
import { Hearing } from "./hearing.ts";
import type { LinkFrames } from "./link_frames.ts";
import type { Frame } from "./own_frames.ts";
import { type WaitingFrame, WaitingFrames } from "./waiting_frames.ts";

/** Questions are asked at multiples of this time, so that many neighbors cost few wake-ups. */
const GRID_MS = 50;

/** Questions at once: half of the ring that the answers come by (plane/ring.ts). Others that are due follow a moment later. */
const MOST_AT_ONCE = 128;

/** A frame that waits for the MAC of this address. */
export interface WaitingRecord extends WaitingFrame {
  readonly address: string;
}

export interface ResolverEvents extends ExchangeEvents {
  /** Sends a frame that was kept. */
  sendKept(waiting: WaitingFrame, mac: Mac): void;
  /** A neighbor has another MAC than before, or none any more. `isAwaited`: frames waited for it. */
  changed(neighbor: number, isAwaited: boolean): void;
  /** How many frames to us have been lost so far that may have been answers. */
  lost(): number;
}

export class Resolver {
  readonly neighbors: Neighbors;
  /** Frames that were kept and then sent, or dropped because there were too many or the neighbor never answered. */
  readonly kept = { sent: 0, dropped: 0 };
  readonly #frames: LinkFrames;
  readonly #clock: Clock;
  readonly #events: ResolverEvents;
  readonly #hearing: Hearing;
  readonly #waiting = new WaitingFrames();
  /** The last question by neighbor: each is asked every second, and mostly with the same words. */
  readonly #questions: { readonly mac: Mac | undefined; readonly frame: Frame }[] = [];
  #timer: Timer | undefined;

  /** `addresses` by neighbor, canonical text. */
  constructor(frames: LinkFrames, addresses: readonly string[], clock: Clock, events: ResolverEvents) {
    this.neighbors = new Neighbors(addresses);
    this.#frames = frames;
    this.#clock = clock;
    this.#events = events;
    this.#hearing = new Hearing(clock, () => events.lost());
  }

  /** The frames that wait, by the addresses that they wait for. */
  waiting(): WaitingRecord[] {
    return this.#waiting.list().map(([neighbor, waiting]) => ({
      address: this.neighbors.address(neighbor),
      ...waiting,
    }));
  }

  /** Takes over frames that wait elsewhere. Those for an address that is no neighbor any more are dropped. */
  adoptWaiting(frames: readonly WaitingRecord[]): void {
    for (const { address, ...waiting } of frames) {
      const neighbor = this.neighbors.numberOf(address);
      if (neighbor === undefined) this.kept.dropped++;
      else this.hold(neighbor, waiting);
    }
  }

  start(): void {
    this.#tick();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** What an ARP reply or a solicited advertisement to us says. */
  heard({ address, mac }: Claim): void {
    const neighbor = this.neighbors.learn(address, mac, this.#clock.now());
    if (neighbor === undefined) return;
    const frames = this.#waiting.take(neighbor);
    for (const waiting of frames) this.#forward(waiting, mac);
    this.#events.changed(neighbor, frames.length > 0);
  }

  /** A frame whose only lack is its destination MAC: it is sent now if that is known, later if not. */
  hold(neighbor: number, waiting: WaitingFrame): void {
    const mac = this.neighbors.mac(neighbor);
    if (mac !== undefined) return this.#forward(waiting, mac);
    if (this.neighbors.state(neighbor) === "failed") {
      this.kept.dropped++;
      return;
    }
    this.kept.dropped += this.#waiting.keep(neighbor, waiting);
  }

  #question(neighbor: number, mac: Mac | undefined): Frame {
    const last = this.#questions[neighbor];
    if (last !== undefined && last.mac === mac) return last.frame;
    const frame = this.#frames.question(this.neighbors.address(neighbor), mac);
    this.#questions[neighbor] = { mac, frame };
    return frame;
  }

  #forward(waiting: WaitingFrame, mac: Mac): void {
    this.#events.sendKept(waiting, mac);
    this.kept.sent++;
  }

  /** Asks those that were due when the round began. All count as asked then, so that they stay together. */
  #tick(roundMs = this.#clock.now()): void {
    this.#events.catchUp();
    const failed = this.neighbors.tick(roundMs, (neighbor, mac) => {
      this.#events.send(this.#question(neighbor, mac));
    }, { most: MOST_AT_ONCE, deafMs: this.#hearing.deafMs() });
    for (const neighbor of failed) {
      this.kept.dropped += this.#waiting.take(neighbor).length;
      this.#events.changed(neighbor, false);
    }
    const { dueMs } = this.neighbors;
    if (dueMs <= roundMs) return this.#tickAfter(1, roundMs);
    const nextMs = Math.ceil(dueMs / GRID_MS) * GRID_MS;
    this.#tickAfter(Math.max(1, nextMs - this.#clock.now()));
  }

  /** `roundMs`: the round goes on; undefined: another one begins then. */
  #tickAfter(delayMs: number, roundMs?: number): void {
    this.#hearing.expect(delayMs);
    this.#timer = this.#clock.after(delayMs, () => this.#tick(roundMs));
  }
}
