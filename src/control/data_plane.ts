/**
 * The engine's one loop body: read a burst, judge each frame, send what is to be sent. The worker runs it over a TAP;
 * tests, replays and embedders run it inline over any device.
 */

import type { Device } from "../device/device.ts";
import { Slab } from "../device/slab.ts";
import { Dispatcher } from "../path/dispatcher.ts";
import type { Plan } from "../path/plan.ts";
import { LONGEST_ANSWER } from "../path/responder6.ts";
import * as verdict from "../path/verdict.ts";
import type { SharedState } from "./shared_state.ts";

/** The most frames that are read in one go. */
export const BURST = 64;

/** Ethernet header, two VLAN tags, and what rounds it up to a cache line. */
const LINK_HEADERS = 64;

/** The room that a frame takes in the slab when the link's MTU is `mtu`. */
export function slotSizeFor(mtu: number): number {
  return Math.max(Math.ceil((mtu + LINK_HEADERS) / 64) * 64, Math.ceil(LONGEST_ANSWER / 64) * 64);
}

export class DataPlane {
  readonly #device: Device;
  readonly #shared: SharedState;
  readonly #slab: Slab;
  readonly #lengths = new Int32Array(BURST);
  readonly #dispatcher: Dispatcher;

  constructor(plan: Plan, device: Device, shared: SharedState) {
    this.#device = device;
    this.#shared = shared;
    this.#slab = new Slab(BURST, shared.dimensions.slotSize);
    this.#dispatcher = new Dispatcher(plan, this.#slab.bytes, shared.take());
  }

  /** Works off the frames that are waiting, BURST at most, and says how many there were. `nowMs` is int32. */
  burst(nowMs: number): number {
    const { slots, slotSize } = this.#slab;
    let count = 0;
    while (count < BURST) {
      const length = this.#device.read(slots[count]!);
      if (length === 0) break;
      this.#lengths[count++] = length;
    }
    this.#dispatcher.use(this.#shared.take());
    let handedUp = false;
    for (let index = 0; index < count; index++) {
      const judged = this.#dispatcher.receive(index * slotSize, this.#lengths[index]!, nowMs);
      const became = this.#carryOut(judged, slots[index]!);
      this.#shared.verdicts.add(became);
      if (became === verdict.DISPATCHED) this.#shared.dispatched.add(this.#dispatcher.slot);
      handedUp ||= verdict.isHandedUp(became);
    }
    if (handedUp) this.#shared.ring.notify();
    return count;
  }

  #carryOut(judged: number, slot: Uint8Array): number {
    const { length } = this.#dispatcher;
    if (verdict.isSent(judged)) {
      return this.#device.write(slot, length) ? judged : verdict.DROP_TRANSMIT;
    }
    if (verdict.isHandedUp(judged)) {
      return this.#shared.ring.push(judged, this.#dispatcher.slot, slot, length)
        ? judged
        : verdict.DROP_RING_FULL;
    }
    return judged;
  }
}
