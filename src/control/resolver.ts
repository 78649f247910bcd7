/**
 * Finds out who is where: asks for the neighbors' MACs in time, learns from the answers, and keeps the frames that came
 * before the first answer. The rules are table/neighbors.ts, the frames link_frames.ts; here are the clock and the waiting.
 */

import type { Mac } from "../wire/address.ts";
import { Neighbors } from "../table/neighbors.ts";
import type { LinkFrames } from "./link_frames.ts";

/** Frames kept for one neighbor; when another comes the oldest goes. */
const KEPT = 64;

export interface ResolverEvents {
  /** Sends a frame of our own. */
  send(frame: Uint8Array<ArrayBuffer>): void;
  /** Called before time decides anything, so that an answer that waits to be read is not too late. */
  catchUp(): void;
  /** A neighbor has another MAC than before, or none any more. */
  changed(slot: number): void;
}

export class Resolver {
  readonly neighbors: Neighbors;
  /** Frames that were kept and then sent, or dropped because there were too many or the neighbor never answered. */
  readonly kept = { sent: 0, dropped: 0 };
  readonly #frames: LinkFrames;
  readonly #events: ResolverEvents;
  readonly #waiting = new Map<number, ((mac: Mac) => void)[]>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `addresses` by slot, canonical text. */
  constructor(frames: LinkFrames, addresses: readonly string[], events: ResolverEvents) {
    this.neighbors = new Neighbors(addresses);
    this.#frames = frames;
    this.#events = events;
  }

  start(): void {
    this.#tick();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** An ARP reply or a solicited advertisement, valid and addressed to us. */
  heard(frame: Uint8Array<ArrayBuffer>): void {
    const claim = this.#frames.claim(frame);
    if (claim === undefined) return;
    const { address, mac } = claim;
    const slot = this.neighbors.learn(address, mac, performance.now());
    if (slot === undefined) return;
    for (const send of this.#waiting.get(slot) ?? []) this.#forward(send, mac);
    this.#waiting.delete(slot);
    this.#events.changed(slot);
  }

  /** A dispatched frame whose only lack is its destination MAC: `send` is called now if that is known, later if not. */
  hold(slot: number, send: (mac: Mac) => void): void {
    const mac = this.neighbors.mac(slot);
    if (mac !== undefined) return this.#forward(send, mac);
    if (this.neighbors.state(slot) === "failed") {
      this.kept.dropped++;
      return;
    }
    const queue = this.#waiting.get(slot) ?? [];
    this.#waiting.set(slot, queue);
    if (queue.push(send) > KEPT) {
      queue.shift();
      this.kept.dropped++;
    }
  }

  #forward(send: (mac: Mac) => void, mac: Mac): void {
    send(mac);
    this.kept.sent++;
  }

  #tick(): void {
    this.#events.catchUp();
    const failed = this.neighbors.tick(performance.now(), (slot, mac) => {
      this.#events.send(this.#frames.question(this.neighbors.address(slot), mac));
    });
    for (const slot of failed) {
      this.kept.dropped += this.#waiting.get(slot)?.length ?? 0;
      this.#waiting.delete(slot);
      this.#events.changed(slot);
    }
    this.#timer = setTimeout(() => this.#tick(), Math.max(1, this.neighbors.dueMs - performance.now()));
  }
}
