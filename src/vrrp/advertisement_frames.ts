/** Frames with an advertisement (wire/vrrp.ts) of one family, written and read: RFC 9568 sections 5 and 7.2. */

import { Packet } from "../path/packet.ts";
import { type Frame, OwnFrames } from "../link/own_frames.ts";
import type { LinkPlan } from "../link/link_frames.ts";
import { ipAt, isIpv6, linkLocalOf, octetsOf, wordOf } from "../wire/address.ts";
import * as ethernet from "../wire/ethernet.ts";
import * as ipv4 from "../wire/ipv4.ts";
import * as ipv6 from "../wire/ipv6.ts";
import * as protocol from "../wire/protocol.ts";
import * as vrrp from "../wire/vrrp.ts";
import type { Advertisement } from "./virtual_router.ts";

export interface AdvertisementSettings {
  readonly id: number;
  readonly intervalMs: number;
  readonly checksum: "pseudo-header" | "rfc";
  /** Of this family; in IPv6 a link-local one is the first. */
  readonly addresses: readonly string[];
}

export class AdvertisementFrames {
  /** Where they come from: the first of the dispatcher's own addresses, in IPv6 its link-local one. */
  readonly address: string;
  readonly #isIpv6: boolean;
  readonly #settings: AdvertisementSettings;
  readonly #own: OwnFrames;

  /** `plan`: of the dispatcher itself. */
  constructor(plan: LinkPlan, settings: AdvertisementSettings, isV6: boolean) {
    this.#isIpv6 = isV6;
    this.#settings = settings;
    this.#own = new OwnFrames({ mac: vrrp.macOf(settings.id, isV6), vlan: plan.vlan });
    const first = plan.addresses.find(({ address }) => !isIpv6(address))?.address;
    this.address = isV6 ? linkLocalOf(plan.mac) : first!;
  }

  /** From the virtual MAC, so that bridges learn it: section 7.2. */
  write(priority: number): Frame {
    const { id, intervalMs, addresses, checksum } = this.#settings;
    const isV6 = this.#isIpv6;
    const length = vrrp.lengthOf(addresses.length, isV6);
    const ip = this.#own.header;
    const at = ip + (isV6 ? ipv6.HEADER : ipv4.HEADER);
    const { frame, view } = isV6
      ? this.#own.make(vrrp.GROUP6_MAC, ethernet.TYPE_IPV6, ipv6.HEADER + length)
      : this.#own.make(vrrp.GROUP4_MAC, ethernet.TYPE_IPV4, ipv4.HEADER + length);
    if (isV6) {
      ipv6.write(view, ip, length, protocol.VRRP, vrrp.HOP_LIMIT);
      frame.set(octetsOf(this.address), ip + ipv6.SRC);
      frame.set(octetsOf(vrrp.GROUP6), ip + ipv6.DST);
    } else {
      ipv4.write(view, ip, ipv4.HEADER + length, protocol.VRRP, vrrp.HOP_LIMIT);
      ipv4.setTos(view, ip, INTERNETWORK_CONTROL);
      ipv4.setAddresses(view, ip, wordOf(this.address), vrrp.GROUP4_WORD);
    }
    vrrp.write(view, at, id, priority, addresses.length, intervalMs);
    for (const [index, address] of addresses.entries()) {
      frame.set(octetsOf(address), at + vrrp.lengthOf(index, isV6));
    }
    vrrp.setChecksum(view, ip, at, isV6, checksum === "pseudo-header");
    return frame;
  }

  /** What a frame says that the path has found right (path/pair.ts). */
  read(frame: Frame): Advertisement {
    const packet = new Packet(frame);
    const ip = this.#own.header;
    const room = frame.length - ip;
    if (this.#isIpv6) packet.readIpv6(ip, room);
    else packet.readIpv4(ip, room);
    return {
      from: ipAt(frame, packet.src, this.#isIpv6),
      priority: vrrp.priority(packet.frame, packet.upper),
      intervalMs: vrrp.intervalMs(packet.frame, packet.upper),
    };
  }

  isMine(frame: Frame): boolean {
    return this.#own.typeOf(frame) === (this.#isIpv6 ? ethernet.TYPE_IPV6 : ethernet.TYPE_IPV4);
  }
}

/** As routers mark what keeps the network together, so that queues let it go first: RFC 791 section 3.1. */
const INTERNETWORK_CONTROL = 0xc0;
