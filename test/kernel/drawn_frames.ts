/** Frames for a scene from a seed: of all kinds of the path's own fuzz, and others that lie at the edges of what the program asks. */

import { macOf } from "../../src/wire/vrrp.ts";
import { draw } from "../path/fuzz.ts";
import type { Random } from "../random.ts";
import { DrawnAddresses } from "./drawn_addresses.ts";
import type { Scene } from "./scenes.ts";
import { LEAST, LEAST_TAKEN, MOST, MOST_TAKEN } from "./test_run.ts";

const ETHERNET = 14;
const IPV4 = 20;
const IPV6 = 40;

/** Also those that an unlucky carry or a swapped octet would make of one of them. */
const CHECKSUMS = [0x0000, 0xffff, 0xfffe, 0xfeff, 0xfefe, 0xfefd, 0xff00, 0xff01, 0xfe00, 0x00ff, 0x0100];
const HOP_LIMITS = [0, 1, 2, 2, 3, 63, 64, 64, 64, 64, 64, 64, 64, 128, 255, 255];
/** TCP, UDP, ICMP, ICMPv6, SCTP, GRE, ESP, none; hop-by-hop, routing, fragment, authentication, destination options, mobility. */
const PROTOCOLS = [6, 6, 6, 6, 17, 17, 17, 1, 58, 132, 47, 50, 59, 0, 43, 44, 51, 60, 135, 255];
const PORTS = [0, 1, 7, 8, 52, 53, 54, 80, 81, 88, 443, 8080, 8081, 32_768, 65_527, 65_534, 65_535];
const FRAGMENTS = [0x4000, 0x8000, 0x2000, 0x2001, 0x0001, 0x1fff, 0x1000, 0x3fff, 0x6000, 0xc000];
const TYPES = [0x0800, 0x86dd, 0x0806, 0x8100, 0x88a8, 0x0008, 0xdd86, 0x0600, 0x002e];
/** Upper halves of TCP's octet 12: words of its header. */
const TCP_WORDS = [5, 5, 5, 8, 15, 0, 4, 6, 10];
const TAG_TYPE = 0x8100;
const TAG_TYPES = [TAG_TYPE, TAG_TYPE, TAG_TYPE, 0x88a8];

export class DrawnFrames {
  /** So many octets of the buffer. */
  length = 0;
  /** The EtherType of a tag beside it, or 0; and the tag. */
  tagType = 0;
  tag = 0;
  /** Octets of payload in each packet of a super-frame, or 0. */
  gsoSize = 0;
  readonly #random: Random;
  readonly #scene: Scene;
  readonly #frame: Uint8Array<ArrayBuffer>;
  readonly #view: DataView<ArrayBuffer>;
  readonly #ipv4: DrawnAddresses;
  readonly #ipv6: DrawnAddresses;

  /** Writes them to `buffer`. */
  constructor(random: Random, scene: Scene, buffer: Uint8Array<ArrayBuffer>) {
    this.#random = random;
    this.#scene = scene;
    this.#frame = buffer;
    this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    // What is longer is lengthened by the kernel, with zeros.
    buffer.fill(0);
    for (let at = 0; at < MOST_TAKEN; at += 4) this.#view.setInt32(at, random.int32());
    this.#ipv4 = new DrawnAddresses(random, scene, 4);
    this.#ipv6 = new DrawnAddresses(random, scene, 6);
  }

  /** The next one. */
  draw(): void {
    const random = this.#random;
    this.#drawTag();
    this.gsoSize = 0;
    if (random.below(12) === 0) {
      const frame = draw(random);
      this.#frame.set(frame);
      this.length = Math.max(LEAST, frame.length);
      if (random.below(2) === 0) this.#drawMacs();
    } else {
      this.#drawMacs();
      this.#drawPacket(this.#drawFamily() === 6);
    }
  }

  /** Where there is no cluster of a family, seldom that. */
  #drawFamily(): 4 | 6 {
    const ipv4 = this.#ipv4.clusters.length > 0 ? 8 : 1;
    const ipv6 = this.#ipv6.clusters.length > 0 ? 8 : 1;
    return this.#random.below(ipv4 + ipv6) < ipv4 ? 4 : 6;
  }

  #drawTag(): void {
    const random = this.#random;
    const vlan = this.#scene.plan.vlan ?? 0;
    const isPlain = random.below(8) > 0;
    this.tagType = 0;
    this.tag = (random.below(2) === 0 ? 0 : random.below(16) << 12) |
      (isPlain ? vlan : random.pick([0, 1, vlan, vlan ^ 1, vlan ^ 0x800, vlan ^ 0x100, 0xfff]));
    if (vlan !== 0 ? random.below(32) > 0 : random.below(8) === 0) {
      this.tagType = isPlain ? TAG_TYPE : random.pick(TAG_TYPES);
    }
  }

  #drawMacs(): void {
    const random = this.#random;
    const frame = this.#frame;
    const view = this.#view;
    const { mac: own, vrrp } = this.#scene.plan;
    const mac = vrrp === undefined || random.below(3) === 0 ? own : macOf(vrrp.id, random.below(2) === 0);
    view.setUint16(0, mac.high);
    view.setInt32(2, mac.low);
    view.setUint16(6, 0x0200);
    view.setInt32(8, 1);
    const odd = random.below(64);
    if (odd === 0) frame[random.below(6)]! ^= 1 << random.below(8);
    if (odd === 1) frame.fill(0xff, 0, 6);
    if (odd === 2 || odd === 17) frame.copyWithin(6, 0, 6);
    if (odd === 3) frame[6]! |= 1;
    if (odd === 17) frame[6 + random.below(6)]! ^= 1 << random.below(8);
    if (odd < 4 || odd > 16) return;
    // From a neighbor, or nearly; as it may be from the one that it goes to.
    const { table, size } = this.#scene;
    const neighbor = random.below(size.neighbors);
    view.setUint16(6, table.macHigh(neighbor));
    view.setInt32(8, table.macLow(neighbor));
    if (odd < 7) frame[6 + random.below(6)]! ^= 1 << random.below(8);
  }

  #drawPacket(isIpv6: boolean): void {
    const random = this.#random;
    const view = this.#view;
    const isOdd = random.below(64) === 0;
    view.setUint16(12, isOdd ? random.pick(TYPES) : isIpv6 ? 0x86dd : 0x0800);
    const headers = isIpv6 ? IPV6 : IPV4;
    const upper = ETHERNET + headers;
    const protocol = random.below(4) > 0 ? random.pick([6, 17]) : random.pick(PROTOCOLS);
    const tcpWords = random.pick(TCP_WORDS);
    const total = headers + this.#drawPayload(headers, protocol === 6 ? tcpWords * 4 : 8);
    this.length = Math.min(MOST, ETHERNET + total);
    const cut = random.below(32);
    // Padding, as short frames have; or an end that comes too early.
    if (cut < 8) this.length = Math.min(MOST, this.length + random.below(24));
    if (cut === 8) this.length -= 1;
    if (cut === 9) this.length = LEAST + random.below(Math.min(72, this.length - LEAST));
    if (this.gsoSize > 0) this.length = Math.min(Math.max(this.length, LEAST_TAKEN), MOST_TAKEN);
    view.setUint16(upper, random.pick(PORTS));
    view.setUint16(upper + 2, random.below(4) === 0 ? random.below(0x10000) : random.pick(PORTS));
    if (protocol === 6) view.setUint8(upper + 12, tcpWords << 4 | random.below(16));
    if (isIpv6) this.#drawIpv6(total, protocol);
    else this.#drawIpv4(total, protocol);
    // Another protocol than the one it was made for, too, and what else may break.
    if (random.below(32) === 0) this.#frame[random.below(upper + 20)] = random.below(256);
  }

  /** Octets behind the IP header: few, just as many as the way ahead takes, or a super-frame of packets that it may take. */
  #drawPayload(headers: number, upperHeader: number): number {
    const random = this.#random;
    const { plan } = this.#scene;
    const mtu = random.pick(plan.mtus);
    const edge = random.below(3) - 1;
    const kind = random.below(plan.offloads || random.below(8) === 0 ? 16 : 14);
    if (kind < 8) return random.below(64);
    if (kind < 10) return random.below(24);
    if (kind < 14) return Math.min(mtu + edge, MOST - ETHERNET) - headers;
    this.gsoSize = random.below(8) === 0
      ? 1 + random.below(0xffff)
      : Math.max(1, mtu - headers - upperHeader + edge);
    return Math.min(mtu + edge + random.below(2000), MOST_TAKEN - ETHERNET) - headers;
  }

  #drawIpv4(total: number, protocol: number): void {
    const random = this.#random;
    const view = this.#view;
    const odd = random.below(64);
    view.setUint16(14, odd === 0 ? random.below(0x10000) : 0x4500 | random.below(256));
    view.setUint16(16, odd === 1 ? random.pick([0, 19, 20, 21, total + 1, total - 1, 0xffff]) : total);
    view.setUint16(18, random.below(0x10000));
    view.setUint16(20, odd < 4 ? random.pick(FRAGMENTS) : random.below(2) << 14);
    view.setUint8(22, random.pick(HOP_LIMITS));
    view.setUint8(23, protocol);
    this.#drawAddresses(this.#ipv4, 26, 30);
    this.#drawChecksum();
  }

  /** Right, often one that is near to where sums go round; seldom wrong. */
  #drawChecksum(): void {
    const random = this.#random;
    const view = this.#view;
    const isAimed = random.below(4) === 0;
    if (random.below(16) === 0) this.#fillLowerHalves();
    const checksum = random.pick(CHECKSUMS);
    view.setUint16(24, isAimed ? checksum : 0);
    if (isAimed) view.setUint16(18, 0);
    let sum = 0;
    for (let at = 14; at < 34; at += 2) sum += view.getUint16(at);
    sum = (sum & 0xffff) + (sum >>> 16);
    sum = (sum & 0xffff) + (sum >>> 16);
    view.setUint16(isAimed ? 18 : 24, 0xffff - sum);
    if (random.below(64) === 0) {
      const wrong = random.pick([1, -1, 0x0100, -0x0100, 0xff, 0xffff, 0x8000]);
      view.setUint16(24, view.getUint16(24) + wrong);
    }
  }

  /** With this identification the lower halves of the header's words, as a little-endian machine adds them, are all ones. */
  #fillLowerHalves(): void {
    const view = this.#view;
    const sum = [14, 22, 26, 30].reduce((sum, at) => sum + view.getUint16(at, true), 0);
    view.setUint16(18, 0xffff - sum, true);
  }

  #drawIpv6(total: number, protocol: number): void {
    const random = this.#random;
    const view = this.#view;
    const odd = random.below(64);
    const payload = total - IPV6;
    view.setUint32(14, odd === 0 ? random.int32() : 0x60000000 | random.below(0x10000000));
    view.setUint16(18, odd === 1 ? random.pick([0, payload + 1, payload - 1, 0xffff]) : payload);
    view.setUint8(20, protocol);
    view.setUint8(21, random.pick(HOP_LIMITS));
    this.#drawAddresses(this.#ipv6, 22, 38);
  }

  #drawAddresses(addresses: DrawnAddresses, src: number, dst: number): void {
    if (this.#random.below(2) === 0) addresses.putClient(this.#frame, src);
    else addresses.put(this.#frame, src, addresses.clients, 8);
    addresses.put(this.#frame, dst, addresses.clusters, 3);
  }
}
