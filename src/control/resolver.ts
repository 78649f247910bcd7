/**
 * Finds out who is where: asks for the neighbors' MACs in time, learns from the answers, and keeps the frames that came
 * before the first answer. The rules are table/neighbors.ts; here are the clock, the frames and the waiting.
 */

import { type Mac, netmask } from "../wire/address.ts";
import * as arp from "../wire/arp.ts";
import * as ethernet from "../wire/ethernet.ts";
import { Neighbors } from "../table/neighbors.ts";
import type { Plan } from "../path/plan.ts";

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
  readonly #plan: Plan;
  readonly #events: ResolverEvents;
  readonly #waiting = new Map<number, Uint8Array<ArrayBuffer>[]>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(plan: Plan, addresses: readonly number[], events: ResolverEvents) {
    this.neighbors = new Neighbors(addresses);
    this.#plan = plan;
    this.#events = events;
  }

  start(): void {
    this.#tick();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** An ARP reply, valid and addressed to us. */
  heard(frame: Uint8Array<ArrayBuffer>): void {
    const view = new DataView(frame.buffer);
    const packet = ethernet.HEADER;
    const mac = { high: arp.senderMacHigh(view, packet), low: arp.senderMacLow(view, packet) };
    const slot = this.neighbors.learn(arp.senderIp(view, packet), mac, performance.now());
    if (slot === undefined) return;
    for (const kept of this.#waiting.get(slot) ?? []) this.#forward(kept, mac);
    this.#waiting.delete(slot);
    this.#events.changed(slot);
  }

  /** A dispatched frame whose only lack is its destination MAC: sent now if that is known, kept if not. */
  hold(slot: number, frame: Uint8Array<ArrayBuffer>): void {
    const mac = this.neighbors.mac(slot);
    if (mac !== undefined) return this.#forward(frame, mac);
    if (this.neighbors.state(slot) === "failed") {
      this.kept.dropped++;
      return;
    }
    const queue = this.#waiting.get(slot) ?? [];
    this.#waiting.set(slot, queue);
    if (queue.push(frame) > KEPT) {
      queue.shift();
      this.kept.dropped++;
    }
  }

  #forward(frame: Uint8Array<ArrayBuffer>, mac: Mac): void {
    ethernet.setDst(new DataView(frame.buffer), 0, mac.high, mac.low);
    this.#events.send(frame);
    this.kept.sent++;
  }

  #tick(): void {
    this.#events.catchUp();
    const failed = this.neighbors.tick(performance.now(), (slot, mac) => this.#ask(slot, mac));
    for (const slot of failed) {
      this.kept.dropped += this.#waiting.get(slot)?.length ?? 0;
      this.#waiting.delete(slot);
      this.#events.changed(slot);
    }
    this.#timer = setTimeout(() => this.#tick(), Math.max(1, this.neighbors.dueMs - performance.now()));
  }

  /** A who-has from our address on the neighbor's network: to everyone, or to the known MAC (RFC 1122 2.3.2.1). */
  #ask(slot: number, mac: Mac | undefined): void {
    const frame = new Uint8Array(ethernet.HEADER + arp.LENGTH);
    const view = new DataView(frame.buffer);
    const address = this.neighbors.address(slot);
    const own = this.#plan.addresses.find(({ address: own, prefixLength }) =>
      ((own ^ address) & netmask(prefixLength)) === 0
    );
    ethernet.setDst(view, 0, mac?.high ?? 0xffff, mac?.low ?? -1);
    ethernet.setSrc(view, 0, this.#plan.mac.high, this.#plan.mac.low);
    ethernet.setType(view, 0, ethernet.TYPE_ARP);
    const { high, low } = this.#plan.mac;
    arp.write(view, ethernet.HEADER, arp.REQUEST, high, low, own?.address ?? 0, 0, 0, address);
    this.#events.send(frame);
  }
}
