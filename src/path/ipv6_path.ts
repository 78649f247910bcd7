/** The first steps of an IPv6 packet, up to where its addresses have been judged, and the whole walk of neighbor discovery. */

import { isIpv6, linkLocalOf, wordsOf } from "../wire/address.ts";
import * as ethernet from "../wire/ethernet.ts";
import * as icmpv6 from "../wire/icmpv6.ts";
import * as ipv6 from "../wire/ipv6.ts";
import * as nd from "../wire/nd.ts";
import * as protocol from "../wire/protocol.ts";
import { ABSENT, AddressTable6 } from "../table/address_table.ts";
import type { Answers } from "./answers.ts";
import { type Egress, OWN_MAC, SHARED_MAC } from "./egress.ts";
import { type IpPath, SELF, SHARED } from "./ip_path.ts";
import { BROKEN_CHAIN, type Packet } from "./packet.ts";
import type { Pair } from "./pair.ts";
import type { Plan } from "./plan.ts";
import type { Responder6 } from "./responder6.ts";
import * as verdict from "./verdict.ts";
import type { VirtioHeader } from "./virtio_header.ts";

/** The IPv6 addresses that are ours to answer for: the dispatcher's, its link-local one among them, and, unless by route, the clusters'. */
export function ownIpv6(plan: Plan): string[] {
  const isOwn = (value: number) => value === SELF || value === SHARED || !plan.areClustersByRoute;
  return localsOf6(plan).filter(([, value]) => isOwn(value)).map(([address]) => address);
}

export class Ipv6Path {
  readonly #path: IpPath;
  readonly #egress: Egress;
  readonly #answers: Answers;
  readonly #responder: Responder6;
  readonly #virtio: VirtioHeader;
  readonly #pair: Pair;
  readonly #locals: AddressTable6;
  readonly #answersForClusters: boolean;

  constructor(
    plan: Plan,
    path: IpPath,
    egress: Egress,
    answers: Answers,
    responder: Responder6,
    virtio: VirtioHeader,
    pair: Pair,
  ) {
    this.#path = path;
    this.#egress = egress;
    this.#answers = answers;
    this.#responder = responder;
    this.#virtio = virtio;
    this.#pair = pair;
    this.#locals = new AddressTable6(localsOf6(plan).map(([address, value]) => [wordsOf(address), value]));
    this.#answersForClusters = !plan.areClustersByRoute;
  }

  /** `room` octets from `ip` on are there. */
  receive(packet: Packet, ip: number, room: number): number {
    if (!packet.readIpv6(ip, room)) return verdict.DROP_MALFORMED;
    const { frame } = packet;
    if (ipv6.isMartianSource(frame, packet.src)) return verdict.DROP_MARTIAN;
    if (packet.protocol === BROKEN_CHAIN) return verdict.DROP_MALFORMED;
    const dst = this.#locals.lookup(frame, packet.dst);
    if (isDiscovery(packet) && (dst !== ABSENT || !packet.isUnicast)) return this.#discover(packet);
    if (ipv6.isUnspecified(frame, packet.src)) return verdict.DROP_MARTIAN;
    const src = this.#locals.lookup(frame, packet.src);
    // The other one of a pair may say it from the link-local address that both share.
    if (!packet.isUnicast && packet.protocol === protocol.VRRP) {
      return src === SELF ? verdict.DROP_FROM_SELF : this.#pair.hear(packet);
    }
    if (src !== ABSENT) return this.#path.receiveFromOurs(packet, src, dst);
    if (!packet.isUnicast || ipv6.isMulticast(frame, packet.dst)) return verdict.DROP_GROUP;
    if (ipv6.isMartianDestination(frame, packet.dst)) return verdict.DROP_MARTIAN;
    if (dst === SELF) return this.#path.deliver(packet);
    if (dst === SHARED) {
      return this.#pair.isActive(true) ? this.#path.deliver(packet) : verdict.DROP_NOT_ACTIVE;
    }
    return dst === ABSENT ? this.#path.route(packet) : this.#path.dispatch(packet, dst);
  }

  #discover(packet: Packet): number {
    const { frame, ip, upper } = packet;
    this.#virtio.settle(packet);
    if (!nd.isValid(frame, ip, upper, packet.upperLength)) return verdict.DROP_ND_MALFORMED;
    const target = this.#locals.lookup(frame, upper + nd.TARGET);
    return icmpv6.type(frame, upper) === icmpv6.NEIGHBOR_SOLICITATION
      ? this.#solicited(packet, target)
      : this.#advertised(packet, target);
  }

  /** A valid neighbor solicitation for what `target` is. */
  #solicited(packet: Packet, target: number): number {
    const { frame, upper, upperLength } = packet;
    // RFC 4861 section 7.1.1: who has no address yet names no MAC.
    if (
      ipv6.isUnspecified(frame, packet.src) &&
      nd.optionAt(frame, upper, upperLength, nd.SOURCE_LINK_LAYER) !== 0
    ) return verdict.DROP_ND_MALFORMED;
    if (this.#locals.lookup(frame, packet.src) !== ABSENT) return verdict.HEARD_CLAIM;
    if (target === ABSENT) return verdict.DROP_ND_OTHER;
    if (target !== SELF && target !== SHARED && !this.#answersForClusters) return verdict.DROP_ND_OTHER;
    if (target !== SELF && !this.#pair.isActive(true)) return verdict.DROP_NOT_ACTIVE;
    const place = target === SELF ? OWN_MAC : target === SHARED ? SHARED_MAC : this.#egress.placeOf(target);
    return this.#answers.answered(packet, this.#responder.advertise(packet, place), verdict.ANSWERED_ND);
  }

  /** A valid neighbor advertisement of what `target` is. */
  #advertised(packet: Packet, target: number): number {
    const { frame, upper, upperLength } = packet;
    const option = nd.optionAt(frame, upper, upperLength, nd.TARGET_LINK_LAYER);
    if (option !== 0 && !ethernet.isMachine(frame.getUint16(option), frame.getInt32(option + 2))) {
      return verdict.DROP_ND_MALFORMED;
    }
    if (target !== ABSENT) return verdict.HEARD_CLAIM;
    // Who was asked alone need not say its MAC, RFC 4861 section 7.2.4, and Linux does not.
    const isAnswer = packet.isUnicast && nd.isSolicited(frame, upper) &&
      !ipv6.isUnspecified(frame, packet.src);
    return isAnswer ? verdict.HEARD_NEIGHBOR : verdict.DROP_ND_OTHER;
  }
}

function isDiscovery({ frame, isIcmp, isFragment, upper, upperLength }: Packet): boolean {
  // RFC 6980: neighbor discovery is never fragmented.
  if (!isIcmp || isFragment || upperLength < icmpv6.HEADER) return false;
  const type = icmpv6.type(frame, upper);
  return type === icmpv6.NEIGHBOR_SOLICITATION || type === icmpv6.NEIGHBOR_ADVERTISEMENT;
}

/** What each IPv6 address is that is not any other. */
export function localsOf6(plan: Plan): [address: string, value: number][] {
  const own = plan.addresses.map(({ address }) => address).filter(isIpv6);
  const clusters = plan.clusters.flatMap(({ addresses }, index) =>
    addresses.filter(isIpv6).map((address): [string, number] => [address, index])
  );
  const locals = new Map<string, number>(clusters);
  for (const address of plan.vrrp?.addresses ?? []) if (isIpv6(address)) locals.set(address, SHARED);
  for (const address of own) locals.set(address, SELF);
  // Where there is IPv6 there is a link-local address, RFC 4291 section 2.1.
  if (locals.size > 0) locals.set(linkLocalOf(plan.mac), SELF);
  return [...locals];
}
