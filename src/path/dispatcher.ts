/**
 * The walk of a frame: one frame in, one verdict out.
 *
 *     receive ── VLAN tag? ours? ──┬── ARP ─── Ipv4Path.receiveArp ── answer for our addresses, hand replies up
 *                                  ├── IPv4 ── Ipv4Path.receive ──┐
 *                                  └── IPv6 ── Ipv6Path.receive ──┴── IpPath.receive
 *                                               (and ND)               ├── to a cluster address ── to the client's backend
 *                                                                      ├── to our own address ──── answer, or turn away
 *                                                                      └── to anywhere else ────── route, or unreachable
 *
 * A frame is a place: `length` octets from `at` on in the slot, borrowed until `receive` returns. What is sent is the same
 * place, rewritten. With offloads a virtio header stands before it (virtio_header.ts). What the frame says is in one record,
 * refilled for each (packet.ts). Nothing here allocates, throws, waits or logs.
 */

import { wordsOf } from "../wire/address.ts";
import * as ethernet from "../wire/ethernet.ts";
import * as nd from "../wire/nd.ts";
import { ABSENT, AddressTable } from "../table/address_table.ts";
import type { ForwardingTable } from "../table/forwarding_table.ts";
import { Answers } from "./answers.ts";
import { Egress } from "./egress.ts";
import { IpPath } from "./ip_path.ts";
import { Ipv4Path } from "./ipv4_path.ts";
import { Ipv6Path, ownIpv6 } from "./ipv6_path.ts";
import { Limits } from "./limits.ts";
import { Packet } from "./packet.ts";
import { Pair } from "./pair.ts";
import type { Plan } from "./plan.ts";
import { Responder4 } from "./responder4.ts";
import { Responder6 } from "./responder6.ts";
import * as verdict from "./verdict.ts";
import type { PathMemory } from "./transitions.ts";
import { VirtioHeader } from "./virtio_header.ts";

/**
 * The path of a frame: one frame in, one verdict out, and the frame itself made ready to be sent. It allocates, throws and
 * awaits nothing.
 */
export class Dispatcher {
  readonly #packet: Packet;
  readonly #macHigh: number;
  readonly #macLow: number;
  readonly #vlan: number;
  /** Lower halves of the MACs 33:33:... of the IPv6 groups that we are in. */
  readonly #groups: AddressTable;
  readonly #egress: Egress;
  readonly #virtio: VirtioHeader;
  readonly #pair: Pair;
  readonly #ipv4: Ipv4Path;
  readonly #ipv6: Ipv6Path;

  /**
   * `slot` holds every frame that `receive` will be given. `clock` gives milliseconds, int32, that never go back but may wrap;
   * it is asked for rate limits only, so not for frames that are just passed on.
   */
  constructor(
    plan: Plan,
    slot: Uint8Array<ArrayBuffer>,
    table: ForwardingTable,
    memory: PathMemory,
    clock: () => number,
  ) {
    this.#packet = new Packet(slot);
    this.#macHigh = plan.mac.high;
    this.#macLow = plan.mac.low;
    this.#vlan = plan.vlan ?? ethernet.NO_VLAN;
    const egress = new Egress(plan, table);
    const virtio = new VirtioHeader(plan.offloads, this.#packet.frame);
    const responder4 = new Responder4(plan, egress);
    const responder6 = new Responder6(plan, egress);
    const limits = new Limits(plan.rateLimits, clock);
    const answers = new Answers(responder4, responder6, limits, virtio);
    const pair = new Pair(plan, egress, limits);
    const path = new IpPath(plan, memory, egress, answers, virtio);
    this.#egress = egress;
    this.#virtio = virtio;
    this.#pair = pair;
    this.#ipv4 = new Ipv4Path(plan, path, egress, answers, responder4, pair);
    this.#ipv6 = new Ipv6Path(plan, path, egress, answers, responder6, virtio, pair);
    const groups = new Set(ownIpv6(plan).map((address) => nd.solicitedNodeMacLow(wordsOf(address)[3]!)));
    if (groups.size > 0) groups.add(nd.ALL_NODES_MAC_LOW);
    this.#groups = new AddressTable([...groups].map((low) => [low, 1]));
  }

  /** After a verdict that sends or hands up: the frame's octets. */
  get length(): number {
    return this.#packet.length;
  }

  /** After DISPATCHED, FORWARDED and PENDING: the next hop. */
  get neighbor(): number {
    return this.#egress.neighbor;
  }

  /** After DISPATCHED: the cluster that it was for. */
  get cluster(): number {
    return this.#egress.cluster;
  }

  /** From the next frame on, forward by this table. */
  use(table: ForwardingTable): void {
    this.#egress.table = table;
  }

  /**
   * What becomes of the frame. With `plan.offloads` its virtio header stands right before `at`, before and after.
   */
  receive(at: number, length: number): number {
    this.#packet.length = length;
    if (length < ethernet.HEADER) return verdict.DROP_RUNT;
    this.#virtio.begin(at);
    const isTagged = ethernet.type(this.#packet.frame, at) === ethernet.TYPE_VLAN;
    const became = isTagged ? this.#receiveTagged(at, length) : this.#receiveWithoutTag(at, length);
    if (verdict.isAnswer(became)) this.#virtio.clear();
    return became;
  }

  #receiveWithoutTag(at: number, length: number): number {
    return this.#vlan === ethernet.NO_VLAN ? this.#receiveUntagged(at, length) : verdict.DROP_VLAN;
  }

  /** The tag is taken out, the frame begins that much later, and whatever it has become gets its tag and priority again. */
  #receiveTagged(at: number, length: number): number {
    if (length < ethernet.TAGGED_HEADER) return verdict.DROP_VLAN;
    const { frame } = this.#packet;
    const tag = ethernet.tag(frame, at);
    if (ethernet.vlanOf(tag) !== this.#vlan) return verdict.DROP_VLAN;
    ethernet.removeTag(frame, at);
    const became = this.#receiveUntagged(at + ethernet.TAG, length - ethernet.TAG);
    ethernet.insertTag(frame, at, tag);
    this.#packet.length += ethernet.TAG;
    return became;
  }

  #receiveUntagged(at: number, length: number): number {
    const packet = this.#packet;
    const { frame } = packet;
    const high = ethernet.dstHigh(frame, at);
    const low = ethernet.dstLow(frame, at);
    packet.at = at;
    packet.length = length;
    packet.isUnicast = high === this.#macHigh && low === this.#macLow;
    if (!packet.isUnicast) {
      if (this.#pair.isVirtualMac(high, low)) {
        if (!this.#pair.isActiveAt(low)) return verdict.DROP_NOT_ACTIVE;
        packet.isUnicast = true;
      } else if (!this.#isJoined(high, low)) return verdict.DROP_NOT_OURS;
    }
    const from = ethernet.srcHigh(frame, at);
    if (ethernet.isGroup(from) || (from === this.#macHigh && ethernet.srcLow(frame, at) === this.#macLow)) {
      return verdict.DROP_SOURCE_MAC;
    }
    return this.#receivePayload(ethernet.type(frame, at), at + ethernet.HEADER, length - ethernet.HEADER);
  }

  #receivePayload(type: number, payload: number, room: number): number {
    switch (type) {
      case ethernet.TYPE_IPV4:
        return this.#ipv4.receive(this.#packet, payload, room);
      case ethernet.TYPE_IPV6:
        return this.#ipv6.receive(this.#packet, payload, room);
      case ethernet.TYPE_ARP:
        return this.#ipv4.receiveArp(this.#packet, payload, room);
      case ethernet.TYPE_VLAN:
      case ethernet.TYPE_QINQ:
        return verdict.DROP_VLAN;
      default:
        return verdict.DROP_ETHERTYPE;
    }
  }

  #isJoined(high: number, low: number): boolean {
    if (high === nd.GROUP_MAC_HIGH && this.#groups.lookup(low) !== ABSENT) return true;
    return ethernet.isBroadcast(high, low) || this.#pair.isGroupMac(high, low);
  }
}
