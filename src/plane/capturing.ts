/**
 * Capturing, by a worker: each frame that the filter wants, as it was read and as it was sent, into the worker's ring. It follows a frame on
 * its way: `read` before the path sees it, `ended` when all is done with it, while it still stands in its slot. Nothing is allocated,
 * and a ring without room loses what was captured, not the frame.
 */

import { ClientLookup } from "../path/client_lookup.ts";
import type { Dispatcher } from "../path/dispatcher.ts";
import type { Plan } from "../path/plan.ts";
import * as verdict from "../path/verdict.ts";
import { type ForwardingTable, NO_GROUP } from "../table/forwarding_table.ts";
import type { CaptureFilter } from "./capture_filter.ts";
import { Captured, type CaptureRing, NONE } from "./capture_ring.ts";

export class Capturing {
  readonly #filter: CaptureFilter;
  readonly #ring: CaptureRing;
  readonly #clock: () => number;
  readonly #begin: number;
  readonly #view: DataView;
  readonly #words: Int32Array;
  readonly #lookup: ClientLookup;
  readonly #captured = new Captured();
  #mostKept = 0;
  #takesIn = false;
  #takesOut = false;
  #isWanted = false;
  #isStaged = false;
  #length = 0;

  /** Frames begin at `begin` in the slot. `clock`: milliseconds. */
  constructor(
    plan: Plan,
    slot: Uint8Array<ArrayBuffer>,
    begin: number,
    { captureFilter, captured }: { readonly captureFilter: CaptureFilter; readonly captured: CaptureRing },
    clock: () => number,
  ) {
    this.#filter = captureFilter;
    this.#ring = captured;
    this.#clock = clock;
    this.#begin = begin;
    this.#view = new DataView(slot.buffer);
    this.#words = new Int32Array(slot.buffer);
    this.#lookup = new ClientLookup(plan, slot);
  }

  /** A burst begins, in which this capture is going on. */
  use(number: number): void {
    this.#captured.number = number;
    this.#mostKept = this.#begin + this.#filter.snaplen;
    this.#takesIn = this.#filter.takesIn;
    this.#takesOut = this.#filter.takesOut;
  }

  /** A frame of `length` octets, with its virtio header, stands in the slot as it was read. */
  read(length: number): void {
    this.#isWanted = this.#look(length);
    if (!this.#isWanted) return;
    this.#captured.time = (this.#clock() * 1000) | 0;
    this.#length = length;
    this.#isStaged = this.#takesIn && this.#ring.stage(this.#words, this.#keptOf(length));
  }

  /** What became of the frame, by this table. If it was sent it stands in the slot as it was. */
  ended(became: number, dispatcher: Dispatcher, table: ForwardingTable): void {
    const filter = this.#filter;
    if (!this.#isWanted || !filter.takesVerdict(became)) return;
    const captured = this.#captured;
    captured.verdict = became;
    captured.backend = this.#backendOf(became, dispatcher.neighbor, table);
    if (!filter.takesBackend(captured.backend)) return;
    if (this.#takesIn) this.#push(this.#isStaged, this.#length, false);
    if (!this.#takesOut || !verdict.isSent(became)) return;
    const length = this.#begin + dispatcher.length;
    this.#push(this.#ring.stage(this.#words, this.#keptOf(length)), length, true);
  }

  /** Whose the frame is. Is it wanted, as far as that tells? */
  #look(length: number): boolean {
    const captured = this.#captured;
    const lookup = this.#lookup;
    captured.cluster = NONE;
    captured.bucket = NONE;
    if (!lookup.look(this.#begin, length - this.#begin)) return this.#filter.takesOthers;
    const { cluster, client, isIpv6 } = lookup;
    if (!this.#filter.takesClient(cluster, this.#view, client, isIpv6)) return false;
    captured.cluster = cluster;
    captured.bucket = lookup.bucket;
    captured.isIpv6 = isIpv6;
    for (let word = 0; word < (isIpv6 ? 4 : 1); word++) {
      captured.client[word] = this.#view.getInt32(client + word * 4);
    }
    return true;
  }

  /** Where it went; else, and with the technique `broadcast`, the owner of its bucket. */
  #backendOf(became: number, neighbor: number, table: ForwardingTable): number {
    const { cluster, bucket } = this.#captured;
    if (cluster === NONE) return NONE;
    const isOnItsWay = became === verdict.DISPATCHED || became === verdict.PENDING ||
      became === verdict.TOLD;
    return isOnItsWay && table.group(cluster) === NO_GROUP ? neighbor : table.owner(bucket);
  }

  #push(isStaged: boolean, length: number, isSent: boolean): void {
    if (!isStaged) return this.#ring.lose();
    const captured = this.#captured;
    captured.isSent = isSent;
    captured.length = length;
    captured.kept = this.#keptOf(length);
    this.#ring.push(captured);
  }

  #keptOf(length: number): number {
    return length < this.#mostKept ? length : this.#mostKept;
  }
}
