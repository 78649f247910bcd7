/**
 * The body of the data plane's loop: read a frame, judge it, send what is to be sent; again and again until none is waiting. A worker
 * runs it over a queue of the TAP; tests, replays and embedders run it inline over any device.
 *
 * There is one slot, and each frame is through before the next one is read, so that all work meets the same few cache lines:
 *
 *     slot   | virtio header, with offloads | Ethernet | packet ...
 *            0                              begin
 */

import type { Device } from "../device/device.ts";
import { Dispatcher } from "../path/dispatcher.ts";
import type { Plan } from "../path/plan.ts";
import { LONGEST_ANSWER } from "../path/responder6.ts";
import * as verdict from "../path/verdict.ts";
import type { ForwardingTable } from "../table/forwarding_table.ts";
import * as virtio from "../wire/virtio.ts";
import { Capturing } from "./capturing.ts";
import { NOTHING } from "./stand_in.ts";
import type { WorkerState } from "./worker_state.ts";

/** The most frames that are worked off in one go, under one table. */
export const BURST = 64;

/** Room for the virtio header, the Ethernet header and two VLAN tags. */
const LINK_HEADERS = 64;

/** The longest IP packet, and so the longest super-frame. */
const LONGEST_PACKET = 65_535;

/** The room that a frame takes when the link's MTU is `mtu`. */
export function slotSizeFor({ mtu, offloads }: { mtu: number; offloads: boolean }): number {
  const longest = Math.max(offloads ? LONGEST_PACKET : mtu, LONGEST_ANSWER);
  return Math.ceil((longest + LINK_HEADERS) / 64) * 64;
}

/** The path with a device: reads frames in bursts, and sends, hands up or drops each. */
export class DataPlane {
  readonly #plan: Plan;
  readonly #device: Device;
  readonly #state: WorkerState;
  readonly #slot: Uint8Array<ArrayBuffer>;
  readonly #words: Int32Array;
  readonly #begin: number;
  readonly #dispatcher: Dispatcher;
  readonly #clock: () => number;
  /** Made when frames are captured for the first time. */
  #capturing: Capturing | undefined;

  /** `clock`: milliseconds that never go back. Fractions of them are of use to captures. */
  constructor(plan: Plan, device: Device, state: WorkerState, clock: () => number) {
    this.#plan = plan;
    this.#device = device;
    this.#clock = clock;
    this.#state = state;
    this.#slot = new Uint8Array(state.slotSize);
    this.#words = new Int32Array(this.#slot.buffer);
    this.#begin = plan.offloads ? virtio.HEADER : 0;
    this.#dispatcher = new Dispatcher(plan, this.#slot, state.take(), state, () => clock() | 0);
  }

  /** For the first worker, between two bursts: says what main is late to say. Then so many milliseconds there is nothing to say; or NOTHING. */
  standIn(): number {
    const { standIn } = this.#state;
    if (!standIn.isOn) return NOTHING;
    const nowMs = this.#clock() | 0;
    this.#say(standIn.take(false, nowMs, this.#words));
    this.#say(standIn.take(true, nowMs, this.#words));
    return standIn.waitMs(nowMs);
  }

  #say(length: number): void {
    if (length > 0) this.#device.write(this.#slot, length);
  }

  /** Works off the frames that are waiting, `most` at most, and says how many there were. */
  burst(most = BURST): number {
    const begin = this.#begin;
    this.#state.comeBy();
    const table = this.#state.take();
    this.#dispatcher.use(table);
    const capture = this.#state.captureFilter.number;
    if (capture !== 0) return this.#captureBurst(most, table, capture);
    let handedUp = false;
    let count = 0;
    for (; count < most; count++) {
      const length = this.#device.read(this.#slot);
      if (length === 0) break;
      const became = this.#carryOut(this.#dispatcher.receive(begin, length - begin));
      this.#count(became, length);
      handedUp ||= verdict.isHandedUp(became);
    }
    if (handedUp) this.#state.notify();
    return count;
  }

  /** The same while somebody captures: a loop of its own, so that the other one costs no more than a look before it begins. */
  #captureBurst(most: number, table: ForwardingTable, capture: number): number {
    const begin = this.#begin;
    this.#capturing ??= new Capturing(this.#plan, this.#slot, begin, this.#state, this.#clock);
    this.#capturing.use(capture);
    let handedUp = false;
    let count = 0;
    for (; count < most; count++) {
      const length = this.#device.read(this.#slot);
      if (length === 0) break;
      this.#capturing.read(length);
      const became = this.#carryOut(this.#dispatcher.receive(begin, length - begin));
      this.#capturing.ended(became, this.#dispatcher, table);
      this.#count(became, length);
      handedUp ||= verdict.isHandedUp(became);
    }
    if (handedUp) this.#state.notify();
    return count;
  }

  /** `length`: of the frame as it was read. */
  #count(became: number, length: number): void {
    this.#state.verdicts.add(became);
    if (became === verdict.DISPATCHED || became === verdict.TOLD) {
      const { cluster, neighbor, length: octets } = this.#dispatcher;
      this.#state.toNeighbor.add(neighbor, octets);
      this.#state.toCluster.add(cluster, octets);
    }
    if (verdict.isDropped(became)) this.#state.dropped.push(became, this.#clock() | 0, this.#words, length);
  }

  #carryOut(judged: number): number {
    const length = this.#begin + this.#dispatcher.length;
    if (verdict.isSent(judged)) {
      return this.#device.write(this.#slot, length) ? judged : verdict.DROP_TRANSMIT;
    }
    if (verdict.isHandedUp(judged)) {
      return this.#handUp(judged, length);
    }
    return judged;
  }

  #handUp(judged: number, length: number): number {
    const { pending, heard } = this.#state;
    if (judged === verdict.TOLD) {
      // Better untold than late.
      if (pending.push(judged, this.#dispatcher.neighbor, this.#words, length)) return judged;
      return this.#device.write(this.#slot, length) ? verdict.DISPATCHED : verdict.DROP_TRANSMIT;
    }
    if (judged === verdict.PENDING) {
      return pending.push(judged, this.#dispatcher.neighbor, this.#words, length)
        ? judged
        : verdict.DROP_PENDING;
    }
    return heard.push(judged, this.#dispatcher.neighbor, this.#words, length)
      ? judged
      : verdict.DROP_RING_FULL;
  }
}
