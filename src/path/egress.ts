/** Where a frame goes when it leaves: the MACs, by the forwarding table in use. */

import * as ethernet from "../wire/ethernet.ts";
import { NO_BACKEND } from "../table/bucket_map.ts";
import type { ForwardingTable } from "../table/forwarding_table.ts";
import type { Plan } from "./plan.ts";
import * as verdict from "./verdict.ts";

export class Egress {
  /** Swapped whole between bursts. */
  table: ForwardingTable;
  /** Of the frame in hand, after a verdict that sends or hands up: its octets, without a VLAN tag. */
  length = 0;
  /** After DISPATCHED, FORWARDED and PENDING: the neighbor slot of the next hop. */
  slot = NO_BACKEND;
  readonly #frame: DataView;
  readonly #macHigh: number;
  readonly #macLow: number;
  readonly #mtus: Int32Array;

  constructor(plan: Plan, frame: DataView, table: ForwardingTable) {
    this.table = table;
    this.#frame = frame;
    this.#macHigh = plan.mac.high;
    this.#macLow = plan.mac.low;
    this.#mtus = Int32Array.from(plan.mtus);
  }

  /** The largest packet on the way to a neighbor. */
  mtu(slot: number): number {
    return this.#mtus[slot]!;
  }

  /** Did the neighbor itself send this frame? */
  isFrom(slot: number, at: number): boolean {
    return this.table.isResolved(slot) && ethernet.srcHigh(this.#frame, at) === this.table.macHigh(slot) &&
      ethernet.srcLow(this.#frame, at) === this.table.macLow(slot);
  }

  /** Addresses a frame to a neighbor. `asVerdict`, or PENDING when its MAC is not known yet. */
  send(slot: number, at: number, asVerdict: number): number {
    this.slot = slot;
    ethernet.setDst(this.#frame, at, this.table.macHigh(slot), this.table.macLow(slot));
    ethernet.setSrc(this.#frame, at, this.#macHigh, this.#macLow);
    return this.table.isResolved(slot) ? asVerdict : verdict.PENDING;
  }

  /** Addresses a frame of our own to the machine that brought the one in its place. */
  turn(at: number): void {
    ethernet.setDst(this.#frame, at, ethernet.srcHigh(this.#frame, at), ethernet.srcLow(this.#frame, at));
    ethernet.setSrc(this.#frame, at, this.#macHigh, this.#macLow);
  }
}
