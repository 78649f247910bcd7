/**
 * A machine's interface on a link: its addresses there, ARP and neighbor discovery as Linux does them, and the Ethernet header of what
 * it sends. What Linux believes and RFC 1812 section 3.3.2 forbids: a neighbor may say that it is at a group's MAC.
 */

import { ArpFrames } from "../../link/arp_frames.ts";
import { NdFrames } from "../../link/nd_frames.ts";
import { OwnFrames } from "../../link/own_frames.ts";
import type { Packet } from "../../path/packet.ts";
import type { VirtualClock } from "../../system/virtual_clock.ts";
import {
  type Cidr,
  contains,
  ipAt,
  isIpv6,
  lastOf,
  linkLocalOf,
  type Mac,
  wordOf,
} from "../../wire/address.ts";
import * as arp from "../../wire/arp.ts";
import * as ethernet from "../../wire/ethernet.ts";
import * as icmpv6 from "../../wire/icmpv6.ts";
import * as ipv4 from "../../wire/ipv4.ts";
import * as ipv6 from "../../wire/ipv6.ts";
import * as nd from "../../wire/nd.ts";
import { type Neighbor, NeighborCache, type NeighborUser } from "./neighbor_cache.ts";
import type { Octets, Port } from "./port.ts";

/** To whom a frame was addressed, as its MAC says. */
export const TO_HOST = 0;
export const TO_ALL = 1;
export const TO_GROUP = 2;
export type Whom = typeof TO_HOST | typeof TO_ALL | typeof TO_GROUP;

/** What a filter in front of the interface makes of a frame; `to-us`: it counts as addressed to our MAC, whatever it was addressed to. */
export type Filtered = "pass" | "to-us" | "drop";

const MOST_NEAREST = 1024;

/** The machine, as its interfaces know it. */
export interface InterfaceOwner {
  readonly time: VirtualClock;
  readonly forwards: boolean;
  /** Is it an address of the machine, on whatever interface? */
  isOwn(address: string): boolean;
  hearIp(from: Interface, octets: Octets, length: number, whom: Whom): void;
  /** A frame whose neighbor does not answer. */
  unreachable(to: Interface, frame: Octets): void;
}

export class Interface implements NeighborUser {
  readonly port: Port;
  readonly addresses: Cidr[] = [];
  /** Of its links: what is for all machines there. */
  broadcasts: readonly number[] = [];
  linkLocal: string;
  readonly neighbors: NeighborCache;
  /** Of the packets that are sent. */
  mtu = 1500;
  /** As net.ipv4.conf.*: which questions are answered, and which address a question names. */
  arpIgnore: 0 | 1 | 2 | 8 = 0;
  arpAnnounce: 0 | 1 | 2 = 0;
  /** Looks at each frame before everything else. */
  filter: ((octets: Octets, length: number) => Filtered) | undefined;
  readonly #owner: InterfaceOwner;
  /** What `addressFor` has said since the addresses last changed. */
  readonly #nearest = new Map<string, string>();
  #arp: ArpFrames;
  #nd: NdFrames;

  constructor(owner: InterfaceOwner, port: Port) {
    this.#owner = owner;
    this.port = port;
    const own = new OwnFrames({ mac: port.mac, vlan: undefined });
    this.linkLocal = linkLocalOf(port.mac);
    this.#arp = new ArpFrames(port.mac, own);
    this.#nd = new NdFrames(port.mac, own);
    this.neighbors = new NeighborCache(this, owner.time);
    port.receive = (octets, length) => this.#receive(octets, length);
  }

  get name(): string {
    return this.port.name;
  }

  /** Use `IpLayer.setMac`. */
  setMac(mac: Mac): void {
    this.port.mac = mac;
    this.linkLocal = linkLocalOf(mac);
    this.#nearest.clear();
    const own = new OwnFrames({ mac, vlan: undefined });
    this.#arp = new ArpFrames(mac, own);
    this.#nd = new NdFrames(mac, own);
  }

  add(address: Cidr): void {
    this.addresses.push(address);
    this.#lookAtLinks();
  }

  remove(address: string): void {
    const index = this.addresses.findIndex((own) => own.address === address);
    if (index >= 0) this.addresses.splice(index, 1);
    this.#lookAtLinks();
  }

  #lookAtLinks(): void {
    const links = this.addresses.filter(({ address, prefixLength }) => !isIpv6(address) && prefixLength < 31);
    this.#nearest.clear();
    this.broadcasts = links.map((link) => wordOf(lastOf(link)));
  }

  /** The address here that a neighbor would know us by: on its link, or else any of its family. */
  addressFor(address: string): string | undefined {
    const known = this.#nearest.get(address);
    if (known !== undefined) return known;
    const nearest = this.#nearestTo(address);
    if (this.#nearest.size === MOST_NEAREST) this.#nearest.clear();
    if (nearest !== undefined) this.#nearest.set(address, nearest);
    return nearest;
  }

  #nearestTo(address: string): string | undefined {
    const family = this.addresses.filter((own) => isIpv6(own.address) === isIpv6(address));
    const found = family.find((own) => contains(own, address)) ?? family[0];
    return found?.address ?? (isIpv6(address) ? this.linkLocal : undefined);
  }

  has(address: string): boolean {
    return address === this.linkLocal || this.addresses.some((own) => own.address === address);
  }

  /** Sends a packet that stands behind room for an Ethernet header, when the neighbor's MAC is known. */
  sendTo(neighbor: Neighbor, octets: Octets, view: DataView, length: number, type: number): void {
    ethernet.setType(view, 0, type);
    if (!this.neighbors.use(neighbor)) return this.neighbors.wait(neighbor, octets, length);
    ethernet.setDst(view, 0, neighbor.macHigh, neighbor.macLow);
    ethernet.setSrc(view, 0, this.port.mac.high, this.port.mac.low);
    this.port.send(octets, length);
  }

  /** Tells everyone on the link where an address of ours is. */
  announce(address: string): void {
    const { mac } = this.port;
    this.#emit(
      isIpv6(address)
        ? this.#nd.announcement(address, mac, this.#flags)
        : this.#arp.announcement(address, mac, false),
    );
  }

  // What the neighbors want of it.

  ask(address: string, mac: Mac | undefined, waiting: Octets | undefined): void {
    const source = waiting === undefined ? undefined : sourceIn(waiting);
    if (isIpv6(address)) {
      // RFC 4861 section 7.2.2: the packet's source where it is one of this interface.
      const from = source !== undefined && this.has(source) ? source : this.linkLocal;
      this.#emit(this.#nd.question(from, address, mac));
    } else this.#emit(this.#arp.question(this.#senderOf(source, address), address, mac));
  }

  send(neighbor: Neighbor, frame: Octets): void {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
    this.sendTo(neighbor, frame, view, frame.length, ethernet.type(view, 0));
  }

  failed(frame: Octets): void {
    this.#owner.unreachable(this, frame);
  }

  /** The address that a question names as the asker's: arp_announce. */
  #senderOf(source: string | undefined, target: string): string {
    const isOwn = source !== undefined && this.#owner.isOwn(source);
    const isOnLink = isOwn && this.addresses.some((own) => contains(own, source) && contains(own, target));
    const mayBeNamed = isOwn && (this.arpAnnounce === 0 || (this.arpAnnounce === 1 && isOnLink));
    return mayBeNamed ? source : this.addressFor(target) ?? "0.0.0.0";
  }

  #emit(frame: Octets): void {
    this.port.send(frame, frame.length);
  }

  get #flags(): number {
    return nd.OVERRIDE | (this.#owner.forwards ? nd.ROUTER : 0);
  }

  #receive(octets: Octets, length: number): void {
    if (length < ethernet.HEADER) return;
    const high = (octets[0]! << 8) | octets[1]!;
    const low = (octets[2]! << 24) | (octets[3]! << 16) | (octets[4]! << 8) | octets[5]!;
    const filtered = this.filter?.(octets, length) ?? "pass";
    if (filtered === "drop") return;
    let whom: Whom = TO_HOST;
    if (filtered === "pass") {
      if (ethernet.isBroadcast(high, low)) whom = TO_ALL;
      else if (ethernet.isGroup(high)) whom = TO_GROUP;
      else if (high !== this.port.mac.high || low !== this.port.mac.low) return;
    }
    let type = (octets[12]! << 8) | octets[13]!;
    if (type === ethernet.TYPE_VLAN && length >= ethernet.TAGGED_HEADER && isPriorityTag(octets)) {
      octets.copyWithin(ethernet.HEADER - 2, ethernet.TAGGED_HEADER - 2, length);
      length -= ethernet.TAG;
      type = (octets[12]! << 8) | octets[13]!;
    }
    if (type === ethernet.TYPE_ARP) this.#hearArp(octets, length, whom);
    else if (type === ethernet.TYPE_IPV4 || type === ethernet.TYPE_IPV6) {
      this.#owner.hearIp(this, octets, length, whom);
    }
  }

  /** As arp_process of Linux has it. */
  #hearArp(octets: Octets, length: number, whom: Whom): void {
    const at = ethernet.HEADER;
    const view = new DataView(octets.buffer, octets.byteOffset, length);
    if (!arp.isValid(view, at, length - at)) return;
    const operation = arp.operation(view, at);
    const mac = { high: arp.senderMacHigh(view, at), low: arp.senderMacLow(view, at) };
    const sender = ipAt(octets, at + arp.SENDER_IP, false);
    const target = ipAt(octets, at + arp.TARGET_IP, false);
    if (ipv4.isMartianDestination(arp.targetIp(view, at)) || ipv4.isGroup(arp.targetIp(view, at))) return;
    if (operation !== arp.REQUEST && operation !== arp.REPLY) return;
    const isProbe = sender === "0.0.0.0";
    if (operation === arp.REQUEST && this.#owner.isOwn(target) && !this.#owner.isOwn(sender)) {
      if (!this.#answers(target, sender)) return;
      if (!isProbe) {
        const asker = this.neighbors.demand(sender);
        if (asker !== undefined) this.neighbors.learn(asker, mac, false, true);
      }
      return this.#emit(this.#arp.answer({ address: target, from: sender, mac }, this.port.mac));
    }
    const known = isProbe ? undefined : this.neighbors.get(sender);
    if (known === undefined) return;
    // Told to all, it is believed at once; else of several answers the first one counts (arp_is_garp, locktime).
    const isToAll = sender === target && (operation === arp.REQUEST || arp.isOfOneMac(view, at));
    const overrides = isToAll || this.neighbors.isSettled(known);
    this.neighbors.learn(known, mac, operation === arp.REPLY && whom === TO_HOST, overrides);
  }

  /** Is a question for an address of ours answered here? arp_ignore. */
  #answers(target: string, sender: string): boolean {
    switch (this.arpIgnore) {
      case 0:
        return true;
      case 1:
        return this.has(target);
      case 2:
        return this.addresses.some((own) => own.address === target && contains(own, sender));
      case 8:
        return false;
    }
  }

  /** A right solicitation or advertisement, as ndisc_recv_ns and ndisc_recv_na of Linux have it. False where it is neither. */
  hearNd(packet: Packet): boolean {
    const { frame, bytes, ip, upper, upperLength, src } = packet;
    if (upperLength < nd.HEADER || !nd.isValid(frame, ip, upper, upperLength)) return false;
    const type = icmpv6.type(frame, upper);
    const target = ipAt(bytes, upper + nd.TARGET, true);
    if (type === icmpv6.NEIGHBOR_SOLICITATION) {
      if (!this.has(target)) return true;
      const asker = optionIn(packet, nd.SOURCE_LINK_LAYER);
      if (ipv6.isUnspecified(frame, src)) {
        this.#emit(this.#nd.announcement(target, this.port.mac, this.#flags));
        return true;
      }
      const from = ipAt(bytes, src, true);
      const neighbor = asker === undefined ? this.neighbors.get(from) : this.neighbors.demand(from);
      if (neighbor !== undefined && asker !== undefined) {
        this.neighbors.learn(neighbor, asker, false, true);
      }
      const mac = asker ?? { high: ethernet.srcHigh(frame, 0), low: ethernet.srcLow(frame, 0) };
      // Who knows where to ask knows the MAC: RFC 4861 section 7.2.4 lets it be left out, and Linux does.
      const isToAll = ipv6.isMulticast(frame, packet.dst);
      const answer = isToAll
        ? this.#nd.answer({ address: target, from, mac }, this.port.mac, this.#flags)
        : this.#nd.answer({ address: target, from, mac }, undefined, this.#flags & ~nd.OVERRIDE);
      this.#emit(answer);
      return true;
    }
    if (type !== icmpv6.NEIGHBOR_ADVERTISEMENT) return false;
    const known = this.neighbors.get(target);
    const mac = optionIn(packet, nd.TARGET_LINK_LAYER);
    if (known === undefined || (mac === undefined && known.state === "incomplete")) return true;
    const at = mac ?? { high: known.macHigh, low: known.macLow };
    this.neighbors.learn(known, at, nd.isSolicited(frame, upper), nd.isOverriding(frame, upper), true);
    return true;
  }
}

/** A tag without a VLAN: the frame counts as untagged. */
function isPriorityTag(octets: Octets): boolean {
  return ethernet.vlanOf((octets[14]! << 8) | octets[15]!) === ethernet.NO_VLAN;
}

/** The MAC in an option of a right message. */
function optionIn({ frame, upper, upperLength }: Packet, type: number): Mac | undefined {
  const at = nd.optionAt(frame, upper, upperLength, type);
  return at > 0 ? { high: frame.getUint16(at), low: frame.getInt32(at + 2) } : undefined;
}

/** The source of the packet in a frame. */
function sourceIn(frame: Octets): string {
  const isV6 = ((frame[12]! << 8) | frame[13]!) === ethernet.TYPE_IPV6;
  const at = ethernet.HEADER + (isV6 ? ipv6.SRC : ipv4.SRC);
  return ipAt(frame, at, isV6);
}
