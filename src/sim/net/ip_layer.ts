/**
 * A machine's IP, of either family, as Linux has it: what is for the machine goes up, what is not is passed on where it is a router, and
 * what cannot be is answered by an ICMP error.
 *
 *     interface ── ours? ── yes: whole? ── ICMP, TCP, UDP
 *                        └─ no: a router? ── route ── TTL ── MTU ── neighbor ── interface
 */

import { UsageError } from "../../input/errors.ts";
import {
  type Cidr,
  contains,
  hostLength,
  ipAt,
  isIpv6,
  type Mac,
  octetsOf,
  parseCidr,
} from "../../wire/address.ts";
import { isUpperRight } from "../../link/ip_frames.ts";
import { echoReply4, error4, isAnswerable4 } from "../../path/answer4.ts";
import { echoReply6, error6, isAnswerable6 } from "../../path/answer6.ts";
import { Packet } from "../../path/packet.ts";
import type { VirtualClock } from "../../system/virtual_clock.ts";
import * as ethernet from "../../wire/ethernet.ts";
import * as icmp from "../../wire/icmpv4.ts";
import * as icmpv6 from "../../wire/icmpv6.ts";
import * as ipv4 from "../../wire/ipv4.ts";
import * as ipv6 from "../../wire/ipv6.ts";
import * as protocol from "../../wire/protocol.ts";
import { AddressMap, viewOf } from "./address_map.ts";
import { fragments4, fragments6, Reassembly } from "./fragments.ts";
import { IcmpLimits } from "./icmp_limits.ts";
import { Interface, type InterfaceOwner, TO_HOST, type Whom } from "./interface.ts";
import { PathMtus } from "./path_mtus.ts";
import type { Octets, Port } from "./port.ts";
import { type NextHop, nextHop, Routes } from "./routes.ts";

/** Where a packet stands in a frame. */
const IP = ethernet.HEADER;

/** Room that an ICMP error needs in front of what it quotes. */
const ERROR_ROOM = ipv6.HEADER + icmpv6.HEADER;

/** An ICMP error in both families: type and code. */
interface ErrorKind {
  readonly ipv4: readonly [type: number, code: number];
  readonly ipv6: readonly [type: number, code: number];
  /** Path MTU discovery is not limited. */
  readonly isUnlimited?: true;
}

const TIME_EXCEEDED: ErrorKind = {
  ipv4: [icmp.TIME_EXCEEDED, icmp.IN_TRANSIT],
  ipv6: [icmpv6.TIME_EXCEEDED, icmpv6.HOP_LIMIT],
};
const NO_REASSEMBLY: ErrorKind = { ipv4: [icmp.TIME_EXCEEDED, 1], ipv6: [icmpv6.TIME_EXCEEDED, 1] };
const NET_UNREACHABLE: ErrorKind = {
  ipv4: [icmp.DESTINATION_UNREACHABLE, icmp.NET_UNREACHABLE],
  ipv6: [icmpv6.DESTINATION_UNREACHABLE, icmpv6.NO_ROUTE],
};
const HOST_UNREACHABLE: ErrorKind = {
  ipv4: [icmp.DESTINATION_UNREACHABLE, icmp.HOST_UNREACHABLE],
  ipv6: [icmpv6.DESTINATION_UNREACHABLE, icmpv6.ADDRESS_UNREACHABLE],
};
export const PORT_UNREACHABLE: ErrorKind = {
  ipv4: [icmp.DESTINATION_UNREACHABLE, icmp.PORT_UNREACHABLE],
  ipv6: [icmpv6.DESTINATION_UNREACHABLE, icmpv6.PORT_UNREACHABLE],
};
const PROTOCOL_UNREACHABLE: ErrorKind = {
  ipv4: [icmp.DESTINATION_UNREACHABLE, icmp.PROTOCOL_UNREACHABLE],
  ipv6: [icmpv6.PARAMETER_PROBLEM, icmpv6.UNRECOGNIZED_NEXT_HEADER],
};
const TOO_BIG: ErrorKind = {
  ipv4: [icmp.DESTINATION_UNREACHABLE, icmp.FRAGMENTATION_NEEDED],
  ipv6: [icmpv6.PACKET_TOO_BIG, 0],
  isUnlimited: true,
};

const PARAMETER_PROBLEM: ErrorKind = {
  ipv4: [icmp.PARAMETER_PROBLEM, 0],
  ipv6: [icmpv6.PARAMETER_PROBLEM, icmpv6.ERRONEOUS_FIELD],
};
/** Of a link-local address on another link: RFC 4443 section 3.1. IPv4 knows no such thing. */
const BEYOND_SCOPE: ErrorKind = {
  ipv4: [icmp.DESTINATION_UNREACHABLE, icmp.HOST_UNREACHABLE],
  ipv6: [icmpv6.DESTINATION_UNREACHABLE, 2],
};

const LOOPBACK_MTU = 65_535;

/** First octet of loopback addresses, first four bits of groups. */
const LOOPBACK_NET = 127;
const GROUP = 14;

/** An ICMP error about a packet of ours. */
export interface HeardError {
  readonly isIpv6: boolean;
  /** Who says so. */
  readonly from: string;
  readonly type: number;
  readonly code: number;
  /** Of "too big": what fits. 0: anything else is said. */
  readonly mtu: number;
  /** The packet that was sent: its protocol, addresses, and where its upper layer begins, of which there are 8 octets. */
  readonly protocol: number;
  readonly src: string;
  readonly dst: string;
  readonly frame: DataView;
  readonly sent: number;
}

/** What is above IP. */
export interface Upper {
  hearTcp(packet: Packet): void;
  hearUdp(packet: Packet): void;
  hearEchoReply(packet: Packet): void;
  /** False when it is about nothing that was sent. */
  hearError(error: HeardError): boolean;
}

/** What became of packets, each where it ended here. */
export class IpCounters {
  delivered = 0;
  forwarded = 0;
  sent = 0;
  malformed = 0;
  notOurs = 0;
  martian = 0;
  ttlExceeded = 0;
  noRoute = 0;
  tooBig = 0;
  unreachable = 0;
  fragmented = 0;
  reassembled = 0;
}

export class IpLayer implements InterfaceOwner {
  readonly time: VirtualClock;
  forwards: boolean;
  readonly interfaces: Interface[] = [];
  /** On the loopback. */
  readonly loopback: Cidr[] = [];
  readonly routes: Routes;
  readonly pathMtus: PathMtus;
  readonly limits: IcmpLimits = new IcmpLimits();
  readonly counters: IpCounters = new IpCounters();
  readonly reassembly: Reassembly;
  /** Where each address of the machine is; undefined in it: on the loopback. */
  readonly #own = new AddressMap<{ readonly on: Interface | undefined }>();
  readonly #upper: Upper;
  #received = new Packet(new Uint8Array(0));
  /** To whom the frame in hand was addressed. */
  #whom: Whom = TO_HOST;
  #identification: number;

  constructor(time: VirtualClock, seed: number, forwards: boolean, upper: Upper) {
    this.time = time;
    this.forwards = forwards;
    this.#upper = upper;
    this.routes = new Routes(seed);
    this.pathMtus = new PathMtus(time);
    this.reassembly = new Reassembly(time, (first) => {
      const packet = this.#read(roomFor(first), first.length);
      if (packet !== undefined) this.#error(packet, NO_REASSEMBLY);
    });
    this.#identification = seed & 0xffff;
  }

  addInterface(port: Port, addresses: readonly string[]): Interface {
    const added = new Interface(this, port);
    this.interfaces.push(added);
    this.#own.set(added.linkLocal, { on: added });
    this.routes.set({
      prefix: { address: "fe80::", prefixLength: 64 },
      hops: [nextHop(this.interfaces[0]!)],
    });
    for (const address of addresses) this.addAddress(added, address);
    return added;
  }

  /** `10.0.0.5/24`: on an interface, with the route to its link; or on the loopback. */
  addAddress(on: Interface | undefined, cidr: string): void {
    const parsed = cidrOf(cidr);
    const { address, prefixLength } = parsed;
    if (on === undefined) this.loopback.push(parsed);
    else on.add(parsed);
    this.#own.set(address, { on });
    if (on !== undefined && prefixLength < hostLength(address)) {
      this.routes.set({ prefix: parsed, hops: [nextHop(on)] });
    }
  }

  /** Another network card. */
  setMac(of: Interface, mac: Mac): void {
    this.#own.delete(of.linkLocal);
    of.setMac(mac);
    this.#own.set(of.linkLocal, { on: of });
  }

  removeAddress(address: string): void {
    const index = this.loopback.findIndex((one) => one.address === address);
    if (index >= 0) this.loopback.splice(index, 1);
    for (const each of this.interfaces) each.remove(address);
    this.#own.delete(address);
  }

  /** `via`: next hops on links of ours; several share the flows. */
  addRoute(prefix: string, via: readonly string[]): void {
    const hops = via.map((address) => {
      const through = this.interfaces.find(({ addresses }) =>
        addresses.some((own) => contains(own, address))
      ) ?? this.interfaces[0];
      if (through === undefined) {
        throw new UsageError(`No interface leads to ${address}; use an address of one of its links`);
      }
      return nextHop(through, address);
    });
    this.routes.set({ prefix: cidrOf(prefix), hops });
  }

  isOwn(address: string): boolean {
    return this.#own.get(address) !== undefined;
  }

  /** The address that a packet to there comes from, where nobody says another one; undefined where nothing leads there. */
  sourceFor(to: string): string | undefined {
    if (this.isOwn(to)) return to;
    const route = this.routes.routeTo(to);
    const hop = route?.hops[0];
    return hop?.interface.addressFor(hop.via ?? to);
  }

  /** The largest packet to there that leaves whole. */
  mtuTo(to: string): number {
    return Math.min(this.pathMtus.at(viewOf(to), 0, isIpv6(to)), this.linkMtuTo(to));
  }

  /** The same as far as the first link knows. */
  linkMtuTo(to: string): number {
    return this.routes.routeTo(to)?.hops[0]?.interface.mtu ?? LOOPBACK_MTU;
  }

  /** Power is gone, and with it all that was known. */
  forget(): void {
    for (const { neighbors } of this.interfaces) neighbors.clear();
    this.pathMtus.clear();
    this.reassembly.clear();
  }

  // What comes from the links.

  hearIp(from: Interface, octets: Octets, length: number, whom: Whom): void {
    this.#whom = whom;
    if (octets !== this.#received.bytes) this.#received = new Packet(octets);
    const packet = this.#read(octets, length);
    if (packet === undefined) return void this.counters.malformed++;
    const { frame, dst, isIpv6 } = packet;
    if (this.#isMartian(packet)) return void this.counters.martian++;
    if (isIpv6 && ipv6.isMulticast(frame, dst)) return this.#hearGroup(packet, from);
    if (!isIpv6 && this.#isToMany(from, packet)) {
      // Of what is to all machines UDP is heard, and of what is to groups nothing.
      const isHeard = packet.protocol === protocol.UDP && ipv4.dst(frame, packet.ip) >>> 28 !== GROUP;
      if (isHeard) this.#deliver(packet, from, whom);
      else this.counters.notOurs++;
      return;
    }
    if (!isIpv6 && packet.upper - packet.ip > ipv4.HEADER && !this.#areOptionsFine(packet)) return;
    if (this.#own.at(frame, dst, isIpv6) !== undefined) this.#deliver(packet, from, whom);
    else if (this.forwards && whom === TO_HOST) this.#forward(packet, from);
    else this.counters.notOurs++;
  }

  /** From or to an address that cannot be; or from us, so it comes back, or is forged (fib_validate_source). */
  #isMartian({ frame, ip, src, dst, isIpv6 }: Packet): boolean {
    if (isIpv6) return ipv6.isMartianSource(frame, src) || ipv6.isMartianDestination(frame, dst);
    const [from, to] = [ipv4.src(frame, ip), ipv4.dst(frame, ip)];
    return isMartianSource4(from) || to === 0 || to >>> 24 === LOOPBACK_NET ||
      this.#own.at(frame, src, false) !== undefined;
  }

  /** False where the packet goes no further. */
  #areOptionsFine(packet: Packet): boolean {
    const found = ipv4.walkOptions(packet.frame, packet.ip);
    if (found === ipv4.OPTIONS_FINE) return true;
    if (found === ipv4.SOURCE_ROUTED) this.counters.martian++;
    else {
      this.counters.malformed++;
      this.#error(packet, PARAMETER_PROBLEM, found << 24);
    }
    return false;
  }

  /** To all nodes, or to the group of an address: nothing is for us there but neighbor discovery. */
  #hearGroup(packet: Packet, from: Interface): void {
    if (!packet.isFragment && packet.isIcmp && from.hearNd(packet)) this.counters.delivered++;
    else this.counters.notOurs++;
  }

  #isToMany(from: Interface, { frame, ip }: Packet): boolean {
    const dst = ipv4.dst(frame, ip);
    return dst === -1 || dst >>> 28 === GROUP || from.broadcasts.includes(dst);
  }

  #deliver(packet: Packet, from: Interface | undefined, whom: Whom): void {
    if (packet.isFragment) {
      const whole = this.reassembly.take(packet);
      if (whole === undefined) return;
      this.counters.reassembled++;
      const read = this.#read(roomFor(whole), whole.length);
      return read === undefined ? undefined : this.#deliver(read, from, whom);
    }
    // Nobody has a packet sent on by way of a machine.
    if (packet.routingType !== 0) return this.#error(packet, PARAMETER_PROBLEM, packet.routingType);
    switch (packet.protocol) {
      case protocol.ICMP:
      case protocol.ICMPV6:
        if (packet.isIcmp && isUpperRight(packet)) return this.#hearIcmp(packet, from);
        return void this.counters.malformed++;
      case protocol.TCP:
        // TCP takes what is addressed to its machine alone.
        if (whom !== TO_HOST) return void this.counters.notOurs++;
        if (!isUpperRight(packet)) return void this.counters.malformed++;
        this.counters.delivered++;
        return this.#upper.hearTcp(packet);
      case protocol.UDP:
        if (!isUpperRight(packet)) return void this.counters.malformed++;
        this.counters.delivered++;
        return this.#upper.hearUdp(packet);
      default:
        this.counters.notOurs++;
        if (whom === TO_HOST && packet.protocol >= 0 && packet.protocol !== protocol.NO_NEXT_HEADER) {
          this.#error(packet, PROTOCOL_UNREACHABLE, packet.isIpv6 ? packet.pointer : 0);
        }
    }
  }

  #hearIcmp(packet: Packet, from: Interface | undefined): void {
    const { frame, isIpv6, upper } = packet;
    const type = icmp.type(frame, upper);
    this.counters.delivered++;
    if (type === (isIpv6 ? icmpv6.ECHO_REQUEST : icmp.ECHO_REQUEST)) {
      // Nobody answers an echo request to all: icmp_echo_ignore_broadcasts.
      if (this.#own.at(frame, packet.dst, isIpv6) === undefined) return;
      const length = isIpv6 ? echoReply6(packet) : echoReply4(packet);
      if (length === 0) return;
      // Linux lets routers cut what the kernel itself sends.
      if (!isIpv6) ipv4.setFragment(frame, packet.ip, 0, false);
      this.send(packet.bytes, IP + length);
    } else if (type === (isIpv6 ? icmpv6.ECHO_REPLY : icmp.ECHO_REPLY)) {
      this.#upper.hearEchoReply(packet);
    } else if (
      isIpv6 && (type === icmpv6.NEIGHBOR_SOLICITATION || type === icmpv6.NEIGHBOR_ADVERTISEMENT)
    ) from?.hearNd(packet);
    else if ((isIpv6 ? icmpv6 : icmp).isError(type)) this.#hearError(packet, type);
  }

  #hearError({ frame, bytes, isIpv6, upper, upperLength, src }: Packet, type: number): void {
    const embedded = upper + icmp.HEADER;
    const least = (isIpv6 ? ipv6.HEADER : ipv4.HEADER) + 8;
    if (upperLength < icmp.HEADER + least) return;
    const isTooBig = isIpv6
      ? type === icmpv6.PACKET_TOO_BIG
      : type === icmp.DESTINATION_UNREACHABLE && icmp.code(frame, upper) === icmp.FRAGMENTATION_NEEDED;
    const [srcAt, dstAt] = isIpv6
      ? [embedded + ipv6.SRC, embedded + ipv6.DST]
      : [embedded + ipv4.SRC, embedded + ipv4.DST];
    if (this.#own.at(frame, srcAt, isIpv6) === undefined) return;
    const addressAt = (at: number) => ipAt(bytes, at, isIpv6);
    let sent = embedded + (isIpv6 ? ipv6.HEADER : ipv4.headerLength(frame, embedded));
    let upperProtocol = isIpv6 ? ipv6.nextHeader(frame, embedded) : ipv4.protocol(frame, embedded);
    if (isIpv6 && upperProtocol === protocol.FRAGMENT) {
      if (upperLength < icmp.HEADER + least + ipv6.FRAGMENT_HEADER) return;
      upperProtocol = frame.getUint8(sent);
      sent += ipv6.FRAGMENT_HEADER;
    }
    const error: HeardError = {
      isIpv6,
      from: addressAt(src),
      type,
      code: icmp.code(frame, upper),
      mtu: isTooBig ? (isIpv6 ? frame.getUint32(upper + 4) : frame.getUint16(upper + 6)) : 0,
      protocol: upperProtocol,
      src: addressAt(srcAt),
      dst: addressAt(dstAt),
      frame,
      sent,
    };
    if (error.mtu > 0 && this.#upper.hearError(error)) this.pathMtus.learn(error.dst, error.mtu);
    else if (error.mtu === 0) this.#upper.hearError(error);
  }

  #forward(packet: Packet, from: Interface): void {
    const { counters } = this;
    const hop = this.routes.hopOf(packet);
    if (hop === undefined) {
      counters.noRoute++;
      return this.#error(packet, NET_UNREACHABLE);
    }
    if (packet.hopLimit <= 1) {
      counters.ttlExceeded++;
      return this.#error(packet, TIME_EXCEEDED);
    }
    if (packet.isIpv6 && hop.interface !== from && !this.#mayLeaveItsLink(packet)) {
      return void counters.martian++;
    }
    const { mtu } = hop.interface;
    if (packet.totalLength > mtu && !packet.mayBeFragmented) {
      counters.tooBig++;
      return this.#error(packet, TOO_BIG, mtu);
    }
    packet.decrementHopLimit();
    counters.forwarded++;
    if (packet.totalLength > mtu) this.#sendFragments(packet, hop, mtu);
    else this.#sendTo(packet, hop);
  }

  /** RFC 4291 section 2.5.6: what means something on one link only stays there. */
  #mayLeaveItsLink(packet: Packet): boolean {
    if (ipv6.isUnspecified(packet.frame, packet.src)) return false;
    if (!packet.isLinkLocal) return true;
    this.#error(packet, BEYOND_SCOPE);
    return false;
  }

  // What goes to the links.

  /**
   * Sends a packet of ours, which stands behind room for an Ethernet header, where its destination lies. What is too long for the way is
   * cut, unless it must not be: then false, as where nothing leads there.
   */
  send(octets: Octets, length: number): boolean {
    const packet = this.#read(octets, length);
    if (packet === undefined) return false;
    const { frame, ip, dst, isIpv6 } = packet;
    if (!isIpv6) ipv4.setIdentification(frame, ip, this.#nextIdentification());
    if (this.#own.at(frame, dst, isIpv6) !== undefined) return this.#loopBack(octets, length);
    const hop = this.routes.hopOf(packet);
    if (hop === undefined) {
      this.counters.noRoute++;
      return false;
    }
    const mtu = Math.min(hop.interface.mtu, this.pathMtus.at(frame, dst, isIpv6));
    if (packet.totalLength <= mtu) {
      this.counters.sent++;
      this.#sendTo(packet, hop);
    } else if (isIpv6 ? packet.protocol !== protocol.TCP : packet.mayBeFragmented) {
      this.counters.sent++;
      this.#sendFragments(packet, hop, mtu);
    } else {
      this.counters.tooBig++;
      return false;
    }
    return true;
  }

  /** The ICMP error about the packet in hand, which nobody here wants; written over it. */
  refuse(packet: Packet, kind: ErrorKind): void {
    // RFC 1122 section 3.2.2: never about what was for many.
    const isToUs = this.#own.at(packet.frame, packet.dst, packet.isIpv6) !== undefined;
    if (isToUs && this.#whom === TO_HOST) this.#error(packet, kind);
  }

  unreachable(to: Interface, frame: Octets): void {
    this.counters.unreachable++;
    const packet = this.#read(roomFor(frame), frame.length);
    if (packet === undefined) return;
    if (this.#own.at(packet.frame, packet.src, packet.isIpv6) === undefined) {
      return this.#error(packet, HOST_UNREACHABLE);
    }
    this.#tellOurselves(packet, to);
  }

  /** The error is ours, about a packet of ours. */
  #tellOurselves(packet: Packet, to: Interface): void {
    const { frame, bytes, ip, src, dst, isIpv6 } = packet;
    const [type, code] = isIpv6 ? HOST_UNREACHABLE.ipv6 : HOST_UNREACHABLE.ipv4;
    this.#upper.hearError({
      isIpv6,
      from: to.addressFor(isIpv6 ? "::" : "0.0.0.0") ?? "",
      type,
      code,
      mtu: 0,
      protocol: isIpv6 ? ipv6.nextHeader(frame, ip) : ipv4.protocol(frame, ip),
      src: ipAt(bytes, src, isIpv6),
      dst: ipAt(bytes, dst, isIpv6),
      frame,
      sent: packet.upper,
    });
  }

  #error(packet: Packet, kind: ErrorKind, rest = 0): void {
    const { frame, src, dst, isIpv6 } = packet;
    if (!(isIpv6 ? isAnswerable6(packet) : isAnswerable4(packet))) return;
    if (isIpv6 ? ipv6.isUnspecified(frame, src) : ipv4.src(frame, packet.ip) === 0) return;
    if (kind.isUnlimited !== true && !this.limits.allow(frame, src, isIpv6, this.time.now() | 0)) return;
    const to = ipAt(packet.bytes, src, isIpv6);
    // From the address that was asked, or else from the one that the sender is nearest to.
    const from = this.#own.at(frame, dst, isIpv6) === undefined
      ? this.sourceFor(to)
      : ipAt(packet.bytes, dst, isIpv6);
    if (from === undefined) return;
    const [type, code] = isIpv6 ? kind.ipv6 : kind.ipv4;
    const octets = octetsOf(from);
    const length = isIpv6
      ? error6(packet, octets, type, code, rest)
      : error4(packet, new DataView(octets.buffer).getInt32(0), type, code, rest);
    if (!isIpv6) ipv4.setFragment(frame, packet.ip, 0, false);
    this.send(packet.bytes, IP + length);
  }

  #sendFragments(packet: Packet, hop: NextHop, mtu: number): void {
    this.counters.fragmented++;
    const frames = packet.isIpv6
      ? fragments6(packet, mtu, this.#nextIdentification())
      : fragments4(packet, mtu);
    for (const frame of frames) {
      const fragment = this.#read(frame, frame.length);
      if (fragment !== undefined) this.#sendTo(fragment, hop);
    }
  }

  #sendTo(packet: Packet, hop: NextHop): void {
    const { frame, bytes, dst, end, isIpv6 } = packet;
    const { neighbors } = hop.interface;
    const neighbor = hop.viaOctets === undefined
      ? neighbors.demandAt(frame, dst, isIpv6)
      : neighbors.demandAt(hop.viaOctets, 0, isIpv6);
    if (neighbor === undefined) return;
    hop.interface.sendTo(neighbor, bytes, frame, end, isIpv6 ? ethernet.TYPE_IPV6 : ethernet.TYPE_IPV4);
  }

  /** From us to us: a moment later. */
  #loopBack(octets: Octets, length: number): boolean {
    const frame = roomFor(octets.subarray(0, length));
    this.time.at(this.time.nowUs, () => {
      const packet = this.#read(frame, length);
      if (packet !== undefined) this.#deliver(packet, undefined, TO_HOST);
    });
    return true;
  }

  #nextIdentification(): number {
    return this.#identification = (this.#identification + 1) & 0xffff;
  }

  /** The packet in a frame. What is received stands always in the same place, and has one record, which is filled anew. */
  #read(octets: Octets, length: number): Packet | undefined {
    const packet = octets === this.#received.bytes ? this.#received : new Packet(octets);
    const room = length - IP;
    const isRight = (octets[IP]! >>> 4) === 6 ? packet.readIpv6(IP, room) : packet.readIpv4(IP, room);
    return isRight ? packet : undefined;
  }
}

/** A copy in which an error about it finds room. */
function roomFor(frame: Octets): Octets {
  const roomy = new Uint8Array(frame.length + ERROR_ROOM);
  roomy.set(frame);
  return roomy;
}

function cidrOf(text: string): Cidr {
  const cidr = text.includes("/") ? parseCidr(text, 0) : undefined;
  if (cidr === undefined) {
    throw new UsageError(`${text} is no address with the length of its prefix, such as 10.0.0.5/24`);
  }
  return cidr;
}

/** As Linux has it, which lets class E be and most of 0/8: 0.0.0.0, 127/8, groups, all machines. */
function isMartianSource4(address: number): boolean {
  return address === 0 || address === -1 || address >>> 24 === LOOPBACK_NET || address >>> 28 === GROUP;
}
