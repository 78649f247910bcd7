/**
 * The walk of a frame: one frame in, one verdict out.
 *
 *     receive ── VLAN tag? ours? ──┬── ARP ─── Ipv4Path.receiveArp ── answer for our addresses, hand replies up
 *                                  ├── IPv4 ── Ipv4Path.receive ──┬── to a cluster address ── dispatch, to the client's backend
 *                                  └── IPv6 ── Ipv6Path.receive ──┼── to our own address ──── deliver: answer or turn away
 *                                               (and ND)          └── to anywhere else ────── route, or unreachable
 *
 * A frame is a place: `length` octets from `at` on in the slab, borrowed until `receive` returns. What is sent is the same
 * place, rewritten. With offloads a virtio header stands before it (offload.ts). Nothing here allocates, throws, waits or logs.
 */

import { wordsOf } from "../wire/address.ts";
import * as ethernet from "../wire/ethernet.ts";
import * as nd from "../wire/nd.ts";
import { ABSENT, AddressTable } from "../table/address_table.ts";
import type { ForwardingTable } from "../table/forwarding_table.ts";
import { Clusters } from "./clusters.ts";
import { Egress } from "./egress.ts";
import { Ipv4Path } from "./ipv4_path.ts";
import { Ipv6Path, ownIpv6 } from "./ipv6_path.ts";
import { Limits } from "./limits.ts";
import { Offload } from "./offload.ts";
import type { Plan } from "./plan.ts";
import * as verdict from "./verdict.ts";

/** No VLAN tag is expected. */
const UNTAGGED = -1;

export class Dispatcher {
  readonly #frame: DataView;
  readonly #macHigh: number;
  readonly #macLow: number;
  readonly #vlan: number;
  /** Lower halves of the MACs 33:33:... of the IPv6 groups that we are in. */
  readonly #groups: AddressTable;
  readonly #egress: Egress;
  readonly #offload: Offload;
  readonly #ipv4: Ipv4Path;
  readonly #ipv6: Ipv6Path;
  #length = 0;

  /**
   * `slab` holds every frame that `receive` will be given. `clock` gives milliseconds, int32, that never go back but may wrap;
   * it is asked for rate limits only, so not for frames that are just passed on.
   */
  constructor(plan: Plan, slab: Uint8Array<ArrayBuffer>, table: ForwardingTable, clock: () => number) {
    this.#frame = new DataView(slab.buffer, slab.byteOffset, slab.byteLength);
    this.#macHigh = plan.mac.high;
    this.#macLow = plan.mac.low;
    this.#vlan = plan.vlan ?? UNTAGGED;
    this.#egress = new Egress(plan, this.#frame, table);
    this.#offload = new Offload(plan.offloads, this.#frame);
    const clusters = new Clusters(plan.clusters);
    const limits = new Limits(plan.rateLimits, clock);
    this.#ipv4 = new Ipv4Path(plan, slab, this.#egress, this.#offload, clusters, limits);
    this.#ipv6 = new Ipv6Path(plan, slab, this.#egress, this.#offload, clusters, limits);
    const groups = new Set(ownIpv6(plan).map((address) => nd.solicitedNodeMacLow(wordsOf(address)[3]!)));
    if (groups.size > 0) groups.add(nd.ALL_NODES_MAC_LOW);
    this.#groups = new AddressTable([...groups].map((low) => [low, 1]));
  }

  /** After a verdict that sends or hands up: the frame's octets. */
  get length(): number {
    return this.#length;
  }

  /** After DISPATCHED, FORWARDED and PENDING: the neighbor slot of the next hop. */
  get slot(): number {
    return this.#egress.slot;
  }

  /** From the next frame on, forward by this table. */
  use(table: ForwardingTable): void {
    this.#egress.table = table;
  }

  /**
   * What becomes of the frame. With `plan.offloads` its virtio header stands right before `at`, before and after.
   */
  receive(at: number, length: number): number {
    this.#length = length;
    if (length < ethernet.HEADER) return verdict.DROP_RUNT;
    this.#offload.begin(at);
    const became = this.#vlan === UNTAGGED
      ? this.#receiveUntagged(at, length)
      : this.#receiveTagged(at, length);
    if (verdict.isAnswer(became)) this.#offload.clear();
    return became;
  }

  #receiveTagged(at: number, length: number): number {
    if (ethernet.type(this.#frame, at) !== ethernet.TYPE_VLAN || length < ethernet.TAGGED_HEADER) {
      return verdict.DROP_VLAN;
    }
    if (ethernet.vlan(this.#frame, at) !== this.#vlan) return verdict.DROP_VLAN;
    // The tag is taken out, the frame begins that much later, and whatever it has become gets a tag again.
    ethernet.removeTag(this.#frame, at);
    const became = this.#receiveUntagged(at + ethernet.TAG, length - ethernet.TAG);
    ethernet.insertTag(this.#frame, at, this.#vlan);
    this.#length += ethernet.TAG;
    return became;
  }

  #receiveUntagged(at: number, length: number): number {
    this.#egress.length = length;
    const became = this.#judge(at, length);
    this.#length = this.#egress.length;
    return became;
  }

  #judge(at: number, length: number): number {
    const frame = this.#frame;
    const high = ethernet.dstHigh(frame, at);
    const low = ethernet.dstLow(frame, at);
    const isUnicast = high === this.#macHigh && low === this.#macLow;
    if (!isUnicast && !this.#isJoined(high, low)) return verdict.DROP_NOT_OURS;
    const from = ethernet.srcHigh(frame, at);
    if (ethernet.isGroup(from) || (from === this.#macHigh && ethernet.srcLow(frame, at) === this.#macLow)) {
      return verdict.DROP_SOURCE_MAC;
    }
    const payload = at + ethernet.HEADER;
    const room = length - ethernet.HEADER;
    switch (ethernet.type(frame, at)) {
      case ethernet.TYPE_IPV4:
        return this.#ipv4.receive(at, payload, room, isUnicast);
      case ethernet.TYPE_IPV6:
        return this.#ipv6.receive(at, payload, room, isUnicast);
      case ethernet.TYPE_ARP:
        return this.#ipv4.receiveArp(at, payload, room, isUnicast);
      case ethernet.TYPE_VLAN:
      case ethernet.TYPE_QINQ:
        return verdict.DROP_VLAN;
      default:
        return verdict.DROP_ETHERTYPE;
    }
  }

  #isJoined(high: number, low: number): boolean {
    return high === nd.GROUP_MAC_HIGH ? this.#groups.lookup(low) !== ABSENT : ethernet.isBroadcast(high, low);
  }
}
